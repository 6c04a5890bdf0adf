"""STAC-ML-shaped LSTMs with random weights: latency in Pare and in onnxruntime, error against Float64. Unaudited.

`newest row` is the time from the newest row to the answer, the older rows of the window prepared before; `window` that of
a whole window from zero state. Figures in µs, p50 / p99; error as signal to noise in dB over some windows, the outputs'
mean removed.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import onnxruntime
import torch
from torch import nn

# Steps, features, layers, width, decisions timed relative to --iterations.
SHAPES = {"A": (50, 100, 2, 100, 1.0), "B": (100, 250, 3, 200, 0.1), "C": (100, 500, 4, 1000, 0.002)}


class Stack(nn.Module):
    def __init__(self, features, layers, width):
        super().__init__()
        self.lstm = nn.LSTM(features, width, num_layers=layers, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, window):
        outputs, _ = self.lstm(window)
        return self.head(outputs[:, -1])


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{command[1]}: {result.stderr.strip()}")
    return result.stdout


def peer(path, windows, count):
    """p50 and p99 of onnxruntime in µs, one thread, bound buffers, a window after another."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = windows[:1].copy()
    binding = session.io_binding()
    binding.bind_cpu_input("window", given)
    binding.bind_output("y")
    times = []
    for index in range(count + 5):
        given[:] = windows[index % len(windows)]
        start = time.perf_counter_ns()
        session.run_with_iobinding(binding)
        times.append((time.perf_counter_ns() - start) / 1000)
    times = sorted(times[5:])
    return times[len(times) // 2], times[min(int(len(times) * 0.99), len(times) - 1)]


def snr(found, expected):
    found, expected = found.astype(np.float64).ravel(), expected.ravel()
    signal = np.sum((expected - expected.mean()) ** 2)
    difference = found - expected
    noise = np.sum((difference - difference.mean()) ** 2)
    return float(10 * np.log10(signal / max(noise, 1e-300)))


def shape(name, options, folder):
    steps, features, layers, width, share = SHAPES[name]
    count = max(int(options.iterations * share), 20)
    torch.manual_seed(1)
    model = Stack(features, layers, width).eval()
    path = folder / f"lstm_{name}.onnx"
    torch.onnx.export(
        model, (torch.zeros(1, steps, features),), path, dynamo=False, opset_version=18, input_names=["window"],
        output_names=["y"], dynamic_axes={"window": {0: "batch"}, "y": {0: "batch"}})
    rows = 64 if name != "C" else 8
    windows = np.random.default_rng(2).normal(size=(rows, steps, features)).astype(np.float32)
    np.save(folder / "windows.npy", windows)
    with torch.no_grad():
        expected = model.double()(torch.tensor(windows).double()).numpy()
    recipe = folder / "int8.yaml"
    recipe.write_text("schema: 1\nname: int8\nsteps: [{technique: quantization, precision: int8, recurrent: integers}]\n")
    small = folder / f"lstm_{name}-int8.pare"
    run(options.pare, "compress", path, "--recipe", recipe, "--calibration", folder / "windows.npy", "--output", small, "--quiet")

    result = {"model": f"LSTM_{name}", "parameters": sum(value.numel() for value in model.parameters())}
    p50, p99 = peer(path, windows, max(count // 20, 10))
    result["onnxruntime"] = {"window": [p50, p99]}
    for form, file in (("Float32", path), ("INT8", small)):
        entry = {}
        for mode, column in (("window", "newest"), ("decision", "window")):
            iterations = max(count if mode == "window" else count // 4, 10)
            entry_json = json.loads(run(options.pare, "bench", file, "--mode", mode, "--iterations", iterations, "--json", "--quiet"))[0]
            latency = entry_json["latency_ns"]
            entry[column] = [latency["p50"] / 1000, latency["p99"] / 1000]
            if mode == "window":
                entry["prepare"] = entry_json["prepare_ns"]["p50"] / 1000
                entry["plan_bytes"] = entry_json["plan_bytes"]
        run(options.pare, "predict", file, "--input", f"window={folder / 'windows.npy'}", "--output", folder / "y.npy", "--output-name", "y")
        entry["snr"] = snr(np.load(folder / "y.npy"), expected)
        result[form] = entry
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    result["onnxruntime"]["snr"] = snr(session.run(None, {"window": windows})[0], expected)
    return result


def figures(pair):
    return " / ".join(f"{value:.2f}" if value < 100 else f"{value:,.0f}" for value in pair)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True)
    parser.add_argument("--models", default="ABC")
    parser.add_argument("--iterations", type=int, default=20000)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    print("STAC-ML-shaped, random weights, unaudited; one core; µs, p50 / p99")
    print("| model | form | newest row | prepare | whole window | SNR dB | onnxruntime window | its SNR | window ratio | newest row ratio |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            result = shape(name, options, pathlib.Path(folder))
        results.append(result)
        peer_window = result["onnxruntime"]["window"]
        for form in ("Float32", "INT8"):
            entry = result[form]
            print(
                f"| {result['model']} | {form} | {figures(entry['newest'])} | {entry['prepare']:,.1f} | {figures(entry['window'])} | {entry['snr']:.1f} "
                f"| {figures(peer_window)} | {result['onnxruntime']['snr']:.1f} | {peer_window[0] / entry['window'][0]:.1f} × "
                f"| {peer_window[0] / entry['newest'][0]:.0f} × |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
