"""Multilayer perceptrons with random weights, features to probabilities and decision, as ONNX and as artifacts."""

import warnings

import ml_dtypes
import numpy as np

import artifact
import artifact_writer
from artifact import Graph, Node

OPSET = 21


def export(extents, path, seed=1):
    """Features [batch, extents[0]] to probabilities over extents[-1] classes, Relu between, by PyTorch's exporter."""
    import torch  # Some gigabytes, which graphs built here do without.
    from torch import nn

    torch.manual_seed(seed)
    layers = []
    for before, after in zip(extents, extents[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    layers[-1] = nn.Softmax(1)
    names = {"features": {0: "batch"}, "probabilities": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            nn.Sequential(*layers).eval(), (torch.zeros(1, extents[0]),), path, dynamo=False, opset_version=18,
            input_names=["features"], output_names=["probabilities"], dynamic_axes=names)


def rows(width, count=1024, seed=1):
    return np.random.default_rng(seed).normal(0, 1.5, (count, width)).astype(np.float32)


def decide(graph: Graph):
    """Adds a decision to a graph with probabilities; no command does."""
    graph.parameters["decision.thresholds"] = np.array([0.4, 0.4], np.float32)
    graph.nodes.append(Node("pare.Decide", "decide", ["probabilities", "decision.thresholds"], ["decision"]))
    graph.outputs.append("decision")


def decide_in(path):
    graph = artifact.read(path)
    decide(graph)
    artifact_writer.write(path, graph)


class Builder:
    """A graph in the making, its layers in the form asked for, and what some rows make of it, from which ranges come."""

    def __init__(self, name, width, seed):
        self.graph = Graph(name, OPSET, [("features", "F32", ["batch", width])], {}, [], [])
        self.random = np.random.default_rng(seed)
        self.value, self.width, self.count = "features", width, 0
        self.sample = rows(width, 256)

    def constant(self, name, array):
        name = f"{name}_{self.count}"
        self.graph.parameters[name] = array
        return name

    def apply(self, operator, inputs, **attributes):
        name = f"{operator.removeprefix('pare.')}_{len(self.graph.nodes)}"
        self.graph.nodes.append(Node(operator, name, inputs, [name], attributes))
        return name

    def numbers(self, outputs):
        """Weights and bias as PyTorch's Linear draws them."""
        bound = 1 / np.sqrt(self.width)
        draw = lambda *shape: (self.random.random(shape, np.float32) * 2 - 1) * np.float32(bound)
        return draw(outputs, self.width), draw(outputs)

    def quantize(self):
        """The value as integers of 8 bits and back, which a plan computes on."""
        # A tenth beyond what was seen, which other rows pass now and then.
        low, high = 1.1 * min(self.sample.min(), 0), 1.1 * max(self.sample.max(), 1e-3)
        scale = self.constant("scale", np.array((high - low) / 255, np.float32))
        zero = self.constant("zero", np.array(round(-low / (high - low) * 255), np.uint8))
        self.value = self.apply("DequantizeLinear", [self.apply("QuantizeLinear", [self.value, scale, zero]), scale, zero])

    def dense(self, outputs, form):
        """A dense layer: "float32", "float16" (stored so, products of Float32), "int8", "int4" in groups of 32, or "sign"."""
        weight, bias = self.numbers(outputs)
        if form == "sign":
            return self.signs(weight, bias)
        if form in ("int8", "int4"):
            self.quantize()
        if form == "float32":
            stored = self.constant("weight", weight)
        elif form == "float16":
            stored = self.apply("Cast", [self.constant("weight", weight.astype(np.float16))], to=1)
        elif form == "int8":
            scales = np.abs(weight).max(axis=1) / np.float32(127)
            integers = np.rint(weight / scales[:, None]).astype(np.int8)
            stored = self.apply("DequantizeLinear", [self.constant("weight", integers), self.constant("scales", scales)], axis=0)
        elif form == "int4":
            stored = self.groups(weight)
        else:
            raise ValueError(f"no form {form!r}")
        value = self.apply("Gemm", [self.value, stored, self.constant("bias", bias)], transB=1)
        self.advance(value, self.sample @ weight.T + bias)

    def signs(self, weight, bias):
        """Signs of inputs with signs of weights, scaled by each row's mean magnitude."""
        signs, scale = np.where(weight < 0, np.float32(-1), np.float32(1)), np.abs(weight).mean(axis=1)
        name = self.constant("weight", signs)
        self.graph.signs.add(name)
        value = self.apply(
            "pare.BinaryDense", [self.value, name, self.constant("scale", scale), self.constant("bias", bias)])
        self.advance(value, np.where(self.sample < 0, np.float32(-1), np.float32(1)) @ signs.T * scale + bias)

    def advance(self, value, sample):
        self.value, self.sample, self.width = value, sample, sample.shape[1]
        self.count += 1

    def groups(self, weight, size=32):
        """Integers of four bits whose scale is the row's times one of 8 bits for each `size` of them."""
        outputs, inputs = weight.shape
        count = -(-inputs // size)
        padded = np.zeros((outputs, count * size), np.float32)
        padded[:, :inputs] = weight
        grouped = padded.reshape(outputs, count, size)
        steps = np.abs(grouped).max(axis=2) / 7
        scales = np.maximum(steps.max(axis=1) / 255, np.finfo(np.float32).tiny).astype(np.float32)
        multipliers = np.clip(np.rint(steps / scales[:, None]), 1, 255).astype(np.uint8)
        step = (multipliers * scales[:, None])[:, :, None]
        integers = np.clip(np.rint(grouped / step), -8, 7).reshape(outputs, -1)[:, :inputs].astype(np.int8)
        group_scales = self.apply(
            "DequantizeLinear", [self.constant("multipliers", multipliers), self.constant("scales", scales)], axis=0)
        return self.apply(
            "DequantizeLinear", [self.constant("weight", integers.astype(ml_dtypes.int4)), group_scales], axis=1, block_size=size)

    def relu(self):
        self.value, self.sample = self.apply("Relu", [self.value]), np.maximum(self.sample, 0)

    def classify(self):
        self.graph.nodes.append(Node("Softmax", "softmax", [self.value], ["probabilities"], {"axis": -1}))
        self.graph.outputs.append("probabilities")
        decide(self.graph)
        return self.graph


def network(extents, form, seed=1) -> Graph:
    """A network whose every layer has the form."""
    builder = Builder(form, extents[0], seed)
    for index, outputs in enumerate(extents[1:]):
        builder.dense(outputs, form)
        if index < len(extents) - 2:
            builder.relu()
    return builder.classify()


def binary_network(extents, seed=1) -> Graph:
    """Layers of signs between a first and a last one in Float32, as Rastegari et al. 2016 have them."""
    builder = Builder("signs", extents[0], seed)
    for index, outputs in enumerate(extents[1:]):
        builder.dense(outputs, "float32" if index in (0, len(extents) - 2) else "sign")
    return builder.classify()
