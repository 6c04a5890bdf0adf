"""Times one decision in Pare's plan and in onnxruntime on the same weights, by turns, and prints ratios.

A round times every model in `pare bench` and then in onnxruntime; the figures are medians over the rounds. onnxruntime
runs on one thread with bound buffers, sequentially, all optimizations on, and ends at the probabilities, where the plan
goes on to the decision. What calling it costs at least is measured with a model of one operator; ratios are given with
that cost and without.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from statistics import median

import numpy as np
import onnxruntime

import artifact
import onnx_model


class Peer:
    """An onnxruntime session whose input and output lie in buffers of ours."""

    def __init__(self, model: bytes, width: int, output: tuple[str, int]):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.x = np.zeros((1, width), np.float32)
        self.y = np.zeros((1, output[1]), np.float32)
        self.binding = self.session.io_binding()
        self.binding.bind_input("features", "cpu", 0, np.float32, self.x.shape, self.x.ctypes.data)
        self.binding.bind_output(output[0], "cpu", 0, np.float32, self.y.shape, self.y.ctypes.data)

    def run(self, row):
        self.x[0] = row
        self.session.run_with_iobinding(self.binding)
        return self.y[0].copy()

    def time(self, rows, count: int):
        """p50 and p99 in nanoseconds of single runs, without putting the row in place."""
        run, binding, clock, x = self.session.run_with_iobinding, self.binding, time.perf_counter_ns, self.x
        taken = np.empty(count)
        for index in range(-count // 10, count):
            x[0] = rows[index % len(rows)]
            start = clock()
            run(binding)
            taken[index] = clock() - start
        return np.percentile(taken, [50, 99])


def pare_bench(pare: str, models: list[str], iterations: int):
    """p50 and p99 in nanoseconds per model."""
    command = [pare, "bench", *models, "--iterations", str(iterations), "--json", "--quiet"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [(each["latency_ns"]["p50"], each["latency_ns"]["p99"]) for each in figures], figures[0]["kernels"]


def difference(pare: str, path: str, peer: Peer, rows) -> float:
    """The greatest difference of a probability between the plan and the peer."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", rows)
        subprocess.run(
            [pare, "predict", path, "--input", f"{folder}/x.npy", "--output", f"{folder}/y.npy",
             "--output-name", "probabilities", "--engine", "plan"], check=True, capture_output=True)
        return float(np.abs(np.load(f"{folder}/y.npy") - np.stack([peer.run(row) for row in rows])).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help=".pare files with an output 'probabilities'")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--iterations", type=int, default=20_000, help="decisions per model, side and round")
    parser.add_argument("--pare", required=True, help="the pare program")
    arguments = parser.parse_args()

    peers, floors, rows, differences = [], {}, {}, []
    for path in arguments.models:
        graph = artifact.read(path)
        width = graph.inputs[0][2][-1]
        if width not in rows:
            rows[width] = np.random.default_rng(1).normal(0, 1.5, (1024, width)).astype(np.float32)
            floors[width] = Peer(onnx_model.one_operator(width, graph.opset), width, ("copy", width))
        thresholds = [node for node in graph.nodes if node.operator == "pare.Decide"]
        probabilities = thresholds[0].inputs[0] if thresholds else "probabilities"
        classes = last_extent(graph, probabilities)
        peer = Peer(onnx_model.network(graph, [probabilities]), width, (probabilities, classes))
        peers.append((width, peer))
        differences.append(difference(arguments.pare, path, peer, rows[width]))

    ours, theirs, floor = [], [], {width: [] for width in floors}
    for _ in range(arguments.rounds):
        figures, kernels = pare_bench(arguments.pare, arguments.models, arguments.iterations)
        ours.append(figures)
        theirs.append([peer.time(rows[width], arguments.iterations) for width, peer in peers])
        for width, peer in floors.items():
            floor[width].append(peer.time(rows[width], arguments.iterations)[0])

    ours, theirs = np.median(np.array(ours), axis=0), np.median(np.array(theirs), axis=0)
    name = max(len(os.path.basename(path)) for path in arguments.models)
    print(f"{'model':<{name}}  pare p50  pare p99   ort p50   ort p99  one-op   p50 ratio  less one-op  p99 ratio   |Δp| max")
    for index, path in enumerate(arguments.models):
        base = median(floor[peers[index][0]])
        (p50, p99), (peer50, peer99) = ours[index], theirs[index]
        print(
            f"{os.path.basename(path):<{name}}  {p50:8.1f}  {p99:8.1f}  {peer50:8.0f}  {peer99:8.0f}  {base:6.0f}  "
            f"{peer50 / p50:9.1f}x  {(peer50 - base) / p50:10.1f}x  {peer99 / p99:8.1f}x  {differences[index]:10.2e}")
    print(f"nanoseconds, medians of {arguments.rounds} rounds; kernels {kernels}; onnxruntime {onnxruntime.__version__}, one thread")


def last_extent(graph: artifact.Graph, value: str) -> int:
    """Classes: the rows of the last dense layer's weights, which lie before the value."""
    makers = {output: node for node in graph.nodes for output in node.outputs}
    node = makers[value]
    while node.operator != "Gemm":
        node = makers[node.inputs[0]]
    weight = node.inputs[1]
    while weight in makers:
        weight = makers[weight].inputs[0]
    return graph.parameters[weight].shape[0 if node.attributes.get("transB", 0) else 1]


if __name__ == "__main__":
    main()
