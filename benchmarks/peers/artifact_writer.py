"""Writes a .pare artifact (docs/artifact-format.md): models for measurements that no command makes yet.

Every parameter is written dense; integers of four bits and signs packed.
"""

import ctypes
import functools
import json
import math
import tempfile

import numpy as np

import native
from artifact import ELEMENTS, FOUR_BITS, Graph

NAMES = {np.dtype(element): name for name, element in ELEMENTS.items()}
FOUR_BIT_NAMES = {element: name for name, element in FOUR_BITS.items()}
BASIS = 0xCBF29CE484222325


def write(path, graph: Graph):
    tensors, parameters = {}, []
    for name, array in graph.parameters.items():
        parameters.append(section(name, np.asarray(array), name in graph.signs, tensors))
    in_order = sorted(tensors, key=str.encode)
    numbers = {name: number for number, name in enumerate(in_order)}
    values = {"": -1}
    for name in [name for name, _, _ in graph.inputs] + list(graph.parameters):
        values[name] = len(values) - 1
    operators, nodes, count = [], [], len(values) - 1
    for node in graph.nodes:
        if node.operator not in operators:
            operators.append(node.operator)
        entry = [operators.index(node.operator), node.name, [values[name] for name in node.inputs]]
        if node.outputs != [node.name]:
            entry.append(node.outputs)
        if node.attributes:
            entry.append(node.attributes)
        nodes.append(entry)
        for output in node.outputs:
            if output:
                values[output] = count
            count += 1
    text = json.dumps({
        "name": graph.name, "opset": graph.opset, "inputs": [list(entry) for entry in graph.inputs],
        "parameters": [entry if isinstance(entry, list) else numbers[entry] for entry in parameters], "trainable": [],
        "operators": operators, "nodes": nodes, "outputs": [values[name] for name in graph.outputs],
    }, separators=(",", ":"), ensure_ascii=False)
    with open(path, "wb") as file:
        for part in encoded(tensors, {"graph": text, "pare": "1"}):
            file.write(part)


def section(name, array, is_signs, tensors):
    """A parameter's entry in the graph, or the name of its tensor; what the file holds of it goes into `tensors`."""
    element = FOUR_BIT_NAMES.get(array.dtype)
    if element:
        halves = array.astype(np.int8).reshape(-1).view(np.uint8) & 15
        halves = np.append(halves, np.zeros(halves.size % 2, np.uint8)).reshape(-1, 2)
        tensors[f"{name}.packed"] = halves[:, 0] | halves[:, 1] << 4
        return [name, "dense", element, list(array.shape)]
    if is_signs:
        tensors[f"{name}.signs"] = np.packbits(array.reshape(-1) > 0, bitorder="little")
        return [name, "dense", "sign", list(array.shape)]
    element = NAMES[array.dtype]
    if array.ndim == 0 and element not in ("F16", "BOOL") and math.isfinite(array):
        # By way of NumPy's text, the shortest decimal that gives a Float32 back; as a Float64 it would have more digits.
        return [name, element, float(str(array)) if array.dtype.kind == "f" else int(array)]
    tensors[name] = np.ascontiguousarray(array)
    return name


def encoded(tensors, metadata):
    """The parts of a safetensors file in order."""
    stored = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name.encode()))
    entries, end = {}, 0
    for name in stored:
        entries[name] = {
            "dtype": NAMES[tensors[name].dtype], "shape": list(tensors[name].shape),
            "data_offsets": [end, end + tensors[name].nbytes]}
        end += tensors[name].nbytes
    metadata["checksum"] = checksum(tensors, metadata)
    header = {"__metadata__": dict(sorted(metadata.items()))} | {name: entries[name] for name in sorted(entries, key=str.encode)}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little"), text, *[tensors[name].tobytes() for name in stored]]


def checksum(tensors, metadata):
    value = BASIS

    def add(part: bytes):
        nonlocal value
        value = fnv1a()(value, len(part).to_bytes(8, "little"), 8)
        value = fnv1a()(value, part, len(part))

    for key in sorted(metadata, key=str.encode):
        add(key.encode())
        add(metadata[key].encode())
    for name in sorted(tensors, key=str.encode):
        add(name.encode())
        add(f"{NAMES[tensors[name].dtype]}{list(tensors[name].shape)}".encode())
        add(tensors[name].tobytes())
    return f"{value:016x}"


@functools.cache
def fnv1a():
    """FNV-1a over bytes, in C: Python takes minutes for a hundred megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        library = ctypes.CDLL(native.build(f"{folder}/fnv1a.so", ["fnv1a.c"], "-shared", "-fPIC"))
    library.fnv1a.restype = ctypes.c_uint64
    library.fnv1a.argtypes = [ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t]
    return library.fnv1a
