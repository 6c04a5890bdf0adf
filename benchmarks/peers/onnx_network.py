"""The same network as ONNX, for peers."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from artifact import Graph


def network(graph: Graph, outputs: list[str]) -> bytes:
    """What `outputs` need of a graph, at batch 1. Operators outside ONNX's own domain have no place in it."""
    needed, nodes = set(outputs), []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        if "." in node.operator:
            raise ValueError(f"node '{node.name}': {node.operator} is no ONNX operator")
        needed.update(node.inputs)
        nodes.insert(0, helper.make_node(node.operator, node.inputs, node.outputs, name=node.name, **node.attributes))
    parameters = [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in graph.parameters.items() if name in needed
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1 if isinstance(extent, str) else extent for extent in shape])
        for name, _, shape in graph.inputs
    ]
    return model(nodes, inputs, [helper.make_empty_tensor_value_info(name) for name in outputs], parameters, graph.opset)


def one_operator(width: int, opset: int) -> bytes:
    """A model that does nothing: what calling the peer costs."""
    node = helper.make_node("Identity", ["features"], ["copy"])
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])
    return model([node], [value("features")], [value("copy")], [], opset)


def model(nodes, inputs, outputs, parameters, opset) -> bytes:
    graph = helper.make_graph(nodes, "network", inputs, outputs, parameters)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    if parameters:
        result = onnx.shape_inference.infer_shapes(result, strict_mode=True)
        onnx.checker.check_model(result)
    return result.SerializeToString()
