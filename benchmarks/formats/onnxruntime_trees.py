"""Times onnxruntime on ensembles of complete random trees, beside a model of a single Identity.

Run with OPENBLAS_CORETYPE unset, in the environment of benchmarks/peers.
"""
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

FEATURES, TREES, ROWS = 60, 250, 1000


def ensemble(depth, random):
    keys = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
            "missing_value_tracks_true", "hitrates")
    nodes = {key: [] for key in keys}
    target = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    inner = (1 << depth) - 1
    for tree in range(TREES):
        for node in range((2 << depth) - 1):
            is_leaf = node >= inner
            row = (tree, node, 0 if is_leaf else int(random.integers(FEATURES)), 0.0 if is_leaf else float(random.uniform(-1, 1)),
                   "LEAF" if is_leaf else "BRANCH_LEQ", 0 if is_leaf else 2 * node + 1, 0 if is_leaf else 2 * node + 2, 0, 1.0)
            for key, value in zip(keys, row):
                nodes[key].append(value)
            if is_leaf:
                for key, value in zip(target, (tree, node, 0, float(random.uniform(-1, 1)))):
                    target[key].append(value)
    attributes = {f"nodes_{key}": value for key, value in nodes.items()} | {f"target_{key}": value for key, value in target.items()}
    return helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, aggregate_function="SUM",
        post_transform="NONE", **attributes)


def model(node, outputs):
    graph = helper.make_graph(
        [node], "graph", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs])])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def measure(name, serialized, random):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
    rows = random.uniform(-1, 1, (ROWS, 1, FEATURES)).astype(np.float32)
    inputs = [onnxruntime.OrtValue.ortvalue_from_numpy(row) for row in rows]
    binding = session.io_binding()
    binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(session.get_outputs()[0].shape, np.float32)))
    times = []
    for _ in range(3):
        for value in inputs:
            binding.bind_ortvalue_input("x", value)
            start = time.perf_counter_ns()
            session.run_with_iobinding(binding)
            times.append(time.perf_counter_ns() - start)
    times.sort()
    print(f"{name}: p50 {times[len(times) // 2]} ns, least {times[0]}, p99 {times[len(times) * 99 // 100]}")


if __name__ == "__main__":
    generator = np.random.default_rng(1)
    measure("Identity", model(helper.make_node("Identity", ["x"], ["y"]), FEATURES), generator)
    for depth in (6, 7, 8):
        measure(f"{TREES} trees of depth {depth}", model(ensemble(depth, generator), 1), generator)
