"""What onnxruntime makes of a quantized model that Pare exported, beside Pare's plan of the same model: layer by layer, each fed
identical integers, and end to end."""

import pathlib
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxruntime_peer import Peer
from pare_program import Pare

PRODUCTS = ("Gemm", "MatMul", "Conv")


@dataclass
class Layer:
    """One layer of bytes: what stands between its input's integers and its output."""

    name: str
    integers: str  # the input's bytes
    scale: float
    zero_point: int
    nodes: list = field(repr=False)
    output: str = ""
    output_scale: float | None = None  # where it ends in bytes


@dataclass
class Difference:
    """Of two outputs, in steps of a scale."""

    near: float  # share of those that differ by less than half a step
    same: float  # share of those that are rounded to the same step
    largest: float
    histogram: list[int]  # how many differ by 0, 1, 2, … steps, rounded

    @staticmethod
    def of(ours, theirs, scale: float) -> "Difference":
        ours, theirs = ours.astype(float).ravel() / scale, theirs.astype(float).ravel() / scale
        steps = np.abs(ours - theirs)
        counts = np.bincount(np.rint(steps).astype(int))
        return Difference(
            float(counts[0] / steps.size), float((np.rint(ours) == np.rint(theirs)).mean()), float(steps.max()), counts.tolist())


def signal_to_noise(reference, values) -> float:
    """In dB, each column's mean taken off the signal; what a column is off on average counts as noise."""
    reference, values = (each.reshape(len(each), -1).astype(float) for each in (reference, values))
    noise = ((values - reference) ** 2).sum()
    return float(10 * np.log10(((reference - reference.mean(0)) ** 2).sum() / noise)) if noise else float("inf")


class Export:
    """The graph of an exported model, read for its layers."""

    def __init__(self, path: pathlib.Path):
        self.path, self.model = path, onnx.load(path)
        graph = self.model.graph
        self.constants = {each.name: each for each in graph.initializer}
        self.producers = {output: node for node in graph.node for output in node.output}
        self.users: dict[str, list] = {}
        for node in graph.node:
            for name in set(node.input):
                self.users.setdefault(name, []).append(node)
        self.outputs = {each.name for each in graph.output}

    def array(self, name: str):
        return numpy_helper.to_array(self.constants[name])

    def next(self, value: str, operator: str):
        """The only user of a value that is no output, if it is such an operator."""
        users = self.users.get(value, [])
        return users[0] if len(users) == 1 and users[0].op_type == operator and value not in self.outputs else None

    def layers(self) -> list[Layer]:
        found = []
        for node in self.model.graph.node:
            x, w = (self.producers.get(name) for name in node.input[:2]) if node.op_type in PRODUCTS else (None, None)
            if not (x and w and x.op_type == w.op_type == "DequantizeLinear" and w.input[0] in self.constants):
                continue
            if x.input[0] in self.constants:
                continue
            layer = Layer(
                node.output[0], x.input[0], float(self.array(x.input[1])), int(self.array(x.input[2])), [x, w, node])
            self.follow(layer, node.output[0])
            found.append(layer)
        return found

    def follow(self, layer: Layer, value: str):
        """Takes in what Pare takes into a layer: a bias, a Relu, the quantization of the output."""
        add = self.next(value, "Add")
        if layer.nodes[-1].op_type == "MatMul" and add:
            others = [name for name in add.input if name != value]
            if len(others) == 1 and others[0] in self.constants and self.array(others[0]).ndim == 1:
                layer.nodes.append(add)
                value = add.output[0]
        relu = self.next(value, "Relu")
        quantize = self.next(relu.output[0] if relu else value, "QuantizeLinear")
        if quantize:
            dequantize = self.users[quantize.output[0]][0]
            layer.nodes += ([relu] if relu else []) + [quantize, dequantize]
            layer.output_scale = float(self.array(quantize.input[1]))
            value = dequantize.output[0]
        layer.output = value

    def values(self, names: list[str], rows) -> dict[str, np.ndarray]:
        """What onnxruntime gives for inner values of the whole model."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        del model.graph.output[:]
        model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
        peer = Peer(model.SerializeToString(), names[0])
        taken = [peer.session.run(names, {"x": row[None]}) for row in rows]
        return {name: np.concatenate([each[index] for each in taken]) for index, name in enumerate(names)}

    def submodel(self, layer: Layer, shape) -> onnx.ModelProto:
        """The layer alone, from a real input through the quantization of it."""
        x, w = layer.nodes[:2]
        quantize = helper.make_node("QuantizeLinear", ["x", *x.input[1:]], [layer.integers])
        nodes = [quantize, *layer.nodes]
        constants = {name for node in nodes for name in node.input if name in self.constants}
        graph = helper.make_graph(
            nodes, "layer", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape[1:]])],
            [helper.make_tensor_value_info(layer.output, TensorProto.FLOAT, None)],
            [self.constants[name] for name in sorted(constants)])
        return helper.make_model(graph, opset_imports=self.model.opset_import, ir_version=self.model.ir_version)


def compare_layers(pare: Pare, path: pathlib.Path, rows) -> list[tuple[str, Difference]]:
    """Each layer of an exported model by itself, both sides fed the integers that the model has there.

    A layer that ends in bytes is compared in steps of them; one that ends in real numbers in 255ths of their range.
    """
    export = Export(path)
    layers = export.layers()
    # Bytes of one place may have several readers.
    inputs = export.values(sorted({layer.integers for layer in layers}), rows)
    results = []
    for index, layer in enumerate(layers):
        # Numbers whose quantization gives these integers, whichever way it divides.
        x = (layer.scale * (inputs[layer.integers].astype(np.float64) - layer.zero_point)).astype(np.float32)
        source = path.with_suffix(f".layer{index}.onnx")
        artifact = source.with_suffix(".pare")
        onnx.save(export.submodel(layer, x.shape), source)
        theirs = Peer(source).session.run([layer.output], {"x": x})[0]
        pare.convert(source, artifact)
        ours = pare.predict(artifact, x, layer.output)
        scale = layer.output_scale or float(theirs.max() - theirs.min()) / 255
        results.append((layer.name, Difference.of(ours, theirs.reshape(ours.shape), scale)))
    return results
