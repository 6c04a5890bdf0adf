"""Times one decision in Pare's plan and in onnxruntime on the same weights, by turns, and prints ratios.

A round times every model in `pare bench` and then in onnxruntime; the figures are medians over the rounds. onnxruntime
runs on one thread with bound buffers, sequentially, all optimizations on, and ends at the probabilities, where the plan
goes on to the decision. What calling it costs at least is measured with a model of one operator; ratios are given with
that cost and without.
"""

import argparse
import os
from statistics import median

import numpy as np
import onnxruntime

import artifact
import onnx_network
from onnxruntime_peer import Peer
from pare_program import Pare, latency


def difference(pare: Pare, path: str, peer: Peer, rows) -> float:
    """The greatest difference of a probability between the plan and the peer."""
    return float(np.abs(pare.predict(path, rows, "probabilities") - np.stack([peer.run(row) for row in rows])).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help=".pare files with an output 'probabilities'")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--iterations", type=int, default=20_000, help="decisions per model, side and round")
    parser.add_argument("--pare", required=True, help="the pare program")
    arguments = parser.parse_args()
    pare = Pare(arguments.pare)

    peers, floors, rows, differences = [], {}, {}, []
    for path in arguments.models:
        graph = artifact.read(path)
        width = graph.inputs[0][2][-1]
        if width not in rows:
            rows[width] = np.random.default_rng(1).normal(0, 1.5, (1024, width)).astype(np.float32)
            floors[width] = Peer(onnx_network.one_operator(width, graph.opset))
        thresholds = [node for node in graph.nodes if node.operator == "pare.Decide"]
        probabilities = thresholds[0].inputs[0] if thresholds else "probabilities"
        peer = Peer(onnx_network.network(graph, [probabilities]))
        peers.append((width, peer))
        differences.append(difference(pare, path, peer, rows[width]))

    ours, theirs, floor = [], [], {width: [] for width in floors}
    for _ in range(arguments.rounds):
        figures = pare.bench(arguments.models, arguments.iterations)
        ours.append([latency(each) for each in figures])
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
    print(
        f"nanoseconds, medians of {arguments.rounds} rounds; kernels {figures[0]['kernels']}; "
        f"onnxruntime {onnxruntime.__version__}, one thread")


if __name__ == "__main__":
    main()
