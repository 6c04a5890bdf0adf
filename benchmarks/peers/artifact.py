"""Reads a .pare artifact (docs/artifact-format.md) into nodes and arrays; artifact_writer.py writes one."""

import json
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np

ELEMENTS = {
    "F32": "<f4", "F64": "<f8", "F16": "<f2", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2",
    "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8", "BOOL": "?",
}

FOUR_BITS = {"I4": np.dtype(ml_dtypes.int4), "U4": np.dtype(ml_dtypes.uint4)}


@dataclass
class Node:
    operator: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict = field(default_factory=dict)


@dataclass
class Graph:
    name: str
    opset: int
    inputs: list[tuple[str, str, list]]  # name, element, extents
    parameters: dict[str, np.ndarray]  # integers of four bits as ml_dtypes.int4 and uint4
    nodes: list[Node]
    outputs: list[str]
    signs: set[str] = field(default_factory=set)  # parameters of +1 and -1 that a file holds as bits


def read(path: str) -> Graph:
    with open(path, "rb") as file:
        data = file.read()
    header_end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:header_end])
    graph = json.loads(header.pop("__metadata__")["graph"])
    tensors = {
        name: np.frombuffer(
            data[header_end + entry["data_offsets"][0]:header_end + entry["data_offsets"][1]], ELEMENTS[entry["dtype"]]
        ).reshape(entry["shape"])
        for name, entry in header.items()
    }
    in_order = sorted(tensors, key=lambda name: name.encode())

    values = [name for name, _, _ in graph["inputs"]]
    parameters, signs = {}, set()
    for entry in graph["parameters"]:
        if isinstance(entry, int):
            name, array = in_order[entry], tensors[in_order[entry]]
        elif len(entry) == 3:
            name, array = entry[0], np.array(entry[2], FOUR_BITS.get(entry[1], ELEMENTS.get(entry[1])))
        else:
            name, array = entry[0], stored(tensors, *entry)
            if entry[2] == "sign":
                signs.add(name)
        parameters[name] = array
        values.append(name)

    nodes = []
    for entry in graph["nodes"]:
        operator, name, inputs, *rest = entry
        outputs = rest.pop(0) if rest and isinstance(rest[0], list) else [name]
        attributes = rest[0] if rest else {}
        nodes.append(Node(
            graph["operators"][operator], name, ["" if index < 0 else values[index] for index in inputs], outputs, attributes))
        values += outputs
    return Graph(
        graph["name"], graph["opset"], [tuple(entry) for entry in graph["inputs"]], parameters, nodes,
        [values[index] for index in graph["outputs"]], signs)


def stored(tensors, name, layout, element, shape):
    """Decodes a parameter that is sparse, shares values, or has elements below a byte."""
    count = int(np.prod(shape))
    kept = np.ones(count, bool)
    if layout == "bitmask":
        kept = np.unpackbits(tensors[f"{name}.mask"], count=count, bitorder="little").astype(bool)
    if element.startswith("codebook:"):
        bits = int(element.removeprefix("codebook:"))
        stream = np.unpackbits(tensors[f"{name}.indices"], count=int(kept.sum()) * bits, bitorder="little")
        indices = stream.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits))
        values = tensors[f"{name}.codebook"][indices]
    elif element == "sign":
        values = np.unpackbits(tensors[f"{name}.signs"], count=int(kept.sum()), bitorder="little") * np.float32(2) - 1
    elif element in FOUR_BITS:
        bytes_of_two = tensors[f"{name}.packed"].reshape(-1)
        halves = np.stack([bytes_of_two & 15, bytes_of_two >> 4], axis=1).reshape(-1)[:int(kept.sum())].astype(np.int8)
        values = (halves - 16 * (halves > 7) if element == "I4" else halves).astype(FOUR_BITS[element])
    else:
        values = tensors[f"{name}.values" if layout == "bitmask" else name].reshape(-1)
    dense = np.zeros(count, values.dtype)
    dense[kept] = values
    return dense.reshape(shape)
