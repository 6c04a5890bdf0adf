"""STAC-ML-shaped LSTMs with random weights: latency in Pare and in onnxruntime, error against Float64. Unaudited.

`newest row` is the time from the newest row to the answer, the older rows of the window prepared before; `window` that of
a whole window from zero state. Figures in µs, p50 / p99; error as signal to noise in dB over some windows, the outputs'
mean removed.
"""

import argparse
import json
import pathlib
import tempfile

import recurrent_models
from onnxruntime_peer import Peer
from pare_program import Pare, latency
from recurrent_models import SHAPES, snr


def recurrent(pare: Pare, shape: recurrent_models.Shape, iterations: int, folder: pathlib.Path):
    count = max(int(iterations * shape.share), 20)
    path, small = folder / f"{shape.name}.onnx", folder / f"{shape.name}-int8.pare"
    network, windows = recurrent_models.model(shape), recurrent_models.windows(shape)
    recurrent_models.export(network, shape, path)
    expected = recurrent_models.exact(network, windows)
    pare.compress(path, windows, small)

    peer = Peer(path)
    result = {"model": shape.name, "parameters": sum(value.numel() for value in network.parameters())}
    result["onnxruntime"] = {
        "window": [float(each) / 1000 for each in peer.time(windows, max(count // 20, 10))],
        "snr": snr(peer.session.run(None, {"window": windows})[0], expected)}
    for form, file in (("Float32", path), ("INT8", small)):
        entry = {}
        for mode, column in (("window", "newest"), ("decision", "window")):
            figures = pare.bench([file], max(count if mode == "window" else count // 4, 10), mode)[0]
            entry[column] = [each / 1000 for each in latency(figures)]
            if mode == "window":
                entry["prepare"] = figures["prepare_ns"]["p50"] / 1000
                entry["plan_bytes"] = figures["plan_bytes"]
        entry["snr"] = snr(pare.predict(file, windows, "y"), expected)
        result[form] = entry
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
            result = recurrent(Pare(options.pare), SHAPES[name], options.iterations, pathlib.Path(folder))
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
