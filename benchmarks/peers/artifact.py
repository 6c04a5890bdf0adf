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


def stored(tensors, name, layout, element, shape, coding=None):
    """Decodes a parameter that is sparse, shares values, has elements below a byte, or is coded."""
    count = int(np.prod(shape))
    kept = np.ones(count, bool)

    def section(suffix, bits, items):
        code = tensors.get(f"{name}{suffix}.coded") if coding else None
        return tensors[name + suffix] if code is None else np.frombuffer(decoded(code.tobytes(), bits, items), np.uint8)

    if layout == "bitmask":
        kept = np.unpackbits(section(".mask", 1, count), count=count, bitorder="little").astype(bool)
    left = int(kept.sum())
    if element.startswith("codebook:"):
        form, _, groups = element.removeprefix("codebook:").partition("@")
        bits, dimension = (int(number) for number in (form + "x1").split("x")[:2])
        stream = np.unpackbits(
            section(".indices", bits, left // dimension), count=left // dimension * bits, bitorder="little")
        indices = stream.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits))
        table = tensors[f"{name}.codebook"]
        if groups:
            axis, size = (int(number) for number in groups.split("/"))
            table_of_each = (np.indices(shape)[axis] // size).reshape(-1)[kept]
            values = table[table_of_each, indices]
        else:
            values = table[indices].reshape(-1)
    elif element == "sign":
        values = np.unpackbits(section(".signs", 1, left), count=left, bitorder="little") * np.float32(2) - 1
    elif element in FOUR_BITS:
        bytes_of_two = section(".packed", 4, left).reshape(-1)
        halves = np.stack([bytes_of_two & 15, bytes_of_two >> 4], axis=1).reshape(-1)[:left].astype(np.int8)
        values = (halves - 16 * (halves > 7) if element == "I4" else halves).astype(FOUR_BITS[element])
    else:
        width = np.dtype(ELEMENTS[element]).itemsize
        values = section(".values" if layout == "bitmask" else "", 8 * width, left)
        values = (values.view(ELEMENTS[element]) if values.dtype == np.uint8 else values).reshape(-1)
    dense = np.zeros(count, values.dtype)
    dense[kept] = values
    return dense.reshape(shape)


def decoded(code, width, count):
    """The bytes of a coded section: count items of so many bits (docs/artifact-format.md)."""
    bits = iter(np.unpackbits(np.frombuffer(code, np.uint8), bitorder="little").tolist())
    read = 0

    def number(size):
        nonlocal read
        read += size
        return sum(next(bits) << place for place in range(size))

    group = 1 << number(2)
    widths = [width * group] if width <= 8 else [min(8, width - low) for low in range(0, width, 8)]
    tables = []
    for size in widths:
        precision = number(4)
        if precision == 15:
            precision, sums = size, [1] * (1 << size)
        else:
            sums = [1 << precision]
            for _ in range(size):
                sums = [part for total in sums for lower in [number(total.bit_length())] for part in (lower, total - lower)]
        starts = np.concatenate([[0], np.cumsum(sums)[:-1]]).tolist()
        tables.append((precision, sums, starts, np.repeat(np.arange(1 << size), sums).tolist()))

    rest = iter(code[(read + 7) // 8:])
    state = 0

    def fill():
        nonlocal state
        while state < 1 << 23 and (byte := next(rest, None)) is not None:
            state = state << 8 | byte

    stream = np.zeros(-(-count // group) * group * width, np.uint8)
    items = stream.reshape(-1, group * width)
    for plane, (precision, frequencies, starts, symbols) in enumerate(tables):
        values = np.empty(len(items), np.int64)
        for index in range(len(items)):
            fill()
            low = state & (1 << precision) - 1
            symbol = symbols[low]
            state = frequencies[symbol] * (state >> precision) + low - starts[symbol]
            values[index] = symbol
        size = widths[plane]
        items[:, 8 * plane:8 * plane + size] = values[:, None] >> np.arange(size) & 1
    fill()
    if state != 1 << 16 or next(rest, None) is not None:
        raise ValueError("a damaged code")
    return np.packbits(stream[:count * width], bitorder="little").tobytes()
