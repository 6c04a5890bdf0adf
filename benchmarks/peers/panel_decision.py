"""Models over panels as .pare files, exported by Pare and run by onnxruntime: whether the scores of twelve days agree, and
what a day of N symbols takes in either on one core.

`difference` is the largest of onnxruntime's scores from Pare's reference evaluation, relative to the largest score.
onnxruntime's day has states of zeros, where Pare's plan carries its own on: the same work but for a copy.
"""

import argparse
import json
import pathlib
import tempfile
import time

import numpy as np
import onnxruntime

from compare_models import difference, pare
from figure_table import aligned

DAYS = 12


def session(path, optimized=True):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def rows(session, days, symbols, seed):
    generator = np.random.default_rng(seed)
    width = next(i.shape[-1] for i in session.get_inputs() if len(i.shape) == 4)
    return {
        "features": generator.normal(size=(1, days, symbols, width)).astype(np.float32),
        "mask": (generator.random((1, days, symbols)) > 0.1).astype(np.float32),
    }


def microseconds(session, inputs, count):
    taken = []
    for index in range(-(count // 10 + 1), count):
        start = time.perf_counter_ns()
        session.run(None, inputs)
        if index >= 0:
            taken.append(time.perf_counter_ns() - start)
    return np.percentile(taken, 50) / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--symbols", nargs="+", type=int, default=[430])
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--pare", required=True)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for path in arguments.models:
            exported, data, outputs = folder / "model.onnx", folder / "rows.npz", folder / "outputs.npz"
            pare(arguments.pare, "convert", path, exported)
            exact = session(exported, optimized=False)
            inputs = rows(exact, DAYS, 40, seed=1)
            np.savez(data, **inputs)
            pare(arguments.pare, "predict", path, "--input", data, "--output", outputs, "--engine", "qdq")
            expected = {"scores": exact.run(["scores"], inputs)[0]}
            apart = difference(dict(np.load(outputs)), expected)
            peer = session(exported)
            for symbols in arguments.symbols:
                count = max(arguments.iterations * 430 // max(symbols, 430), 50)
                own = json.loads(pare(
                    arguments.pare, "bench", path, "--mode", "panel", "--symbols", symbols, "--iterations", count, "--json", "--quiet"))[0]
                theirs = microseconds(peer, rows(peer, 1, symbols, seed=2), min(count, 500))
                ours = own["latency_ns"]["p50"] / 1000
                figures.append({
                    "model": path.stem, "symbols": symbols, "difference": apart, "pare µs": ours, "onnxruntime µs": theirs,
                    "times": theirs / ours, "bytes touched": own["bytes_touched"]})
    formats = {"difference": "{:.1e}", "pare µs": "{:.1f}", "onnxruntime µs": "{:.1f}", "times": "{:.1f}×"}
    print(aligned([list(figures[0])] + [[formats.get(key, "{}").format(value) for key, value in row.items()] for row in figures]))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
