"""Times onnxruntime on ensembles of complete random trees, beside a model of a single Identity.

Run with OPENBLAS_CORETYPE unset, in the environment of benchmarks/peers.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))

import onnx_network
from boosted_trees import Ensemble, rows, write_random
from onnxruntime_peer import Peer

FEATURES, TREES = 60, 250


def measure(name, model):
    p50, p99 = Peer(model).time(rows(FEATURES, 1000), 3000)
    print(f"{name}: p50 {p50:.0f} ns, p99 {p99:.0f}")


if __name__ == "__main__":
    measure("Identity", onnx_network.one_operator(FEATURES, 17))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trees.onnx"
        for depth in (6, 7, 8):
            write_random(Ensemble("trees", FEATURES, TREES, depth), path)
            measure(f"{TREES} trees of depth {depth}", path)
