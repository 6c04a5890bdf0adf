"""STAC-ML-shaped LSTMs and boosted trees with random weights: latency in Pare and in onnxruntime. Unaudited.

`newest row` is the time from the newest row to the answer, the older rows of the window prepared before; `window` that of
a whole window from zero state. Figures in µs, p50 / p99; error as signal to noise in dB against Float64 over some windows,
the outputs' mean removed. Ratios of Float32 are to onnxruntime's Float32, those of INT8 to the faster of its Float32 and
dynamic INT8. Trees are complete, of STAC-ML's numbers of features and nodes; how the nodes make trees is ours.
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np

import boosted_trees
import recurrent_models
from onnxruntime_forms import forms
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

    result = {"model": shape.name, "parameters": sum(value.numel() for value in network.parameters())}
    for form, made in forms(path, windows, wanted=("fp32", "int8 dynamic")).items():
        if isinstance(made, str):
            raise SystemExit(f"onnxruntime {form}: {made}")
        peer = Peer(made)
        result[f"onnxruntime {form}"] = {
            "window": [float(each) / 1000 for each in peer.time(windows, max(count // 20, 10))],
            "snr": snr(np.stack([peer.run(window) for window in windows]), expected)}
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


def trees(pare: Pare, ensemble: boosted_trees.Ensemble, iterations: int, folder: pathlib.Path):
    path, artifact = folder / f"{ensemble.name}.onnx", folder / f"{ensemble.name}.pare"
    boosted_trees.write_random(ensemble, path)
    pare.convert(path, artifact)
    rows = boosted_trees.rows(ensemble.features)
    count = max(min(iterations, iterations * 10_000 // ensemble.nodes), 100)
    peer, some = Peer(path), rows[:100]
    ours = pare.bench([artifact], count)[0]
    theirs = peer.time(rows, count)
    expected = np.stack([peer.run(row) for row in some])
    return {
        "model": ensemble.name, "features": ensemble.features, "nodes": ensemble.nodes, "trees": ensemble.count,
        "depth": ensemble.depth, "Float32": {"decision": [each / 1000 for each in latency(ours)], "plan_bytes": ours["plan_bytes"]},
        "onnxruntime": {"decision": [float(each) / 1000 for each in theirs]},
        "difference": float(np.abs(pare.predict(artifact, some, "y") - expected).max() / np.abs(expected).max())}


def figures(pair):
    return " / ".join(f"{value:.2f}" if value < 100 else f"{value:,.0f}" for value in pair)


def recurrent_table(pare, options, folder, results):
    print("STAC-ML-shaped, random weights, unaudited; one core; µs, p50 / p99")
    print("| model | form | newest row | prepare | whole window | SNR dB | onnxruntime window | SNR | its dynamic INT8 | SNR | window ratio | newest row ratio |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in options.models:
        result = recurrent(pare, SHAPES[name], options.iterations, folder)
        results.append(result)
        plain, dynamic = result["onnxruntime fp32"], result["onnxruntime int8 dynamic"]
        for form in ("Float32", "INT8"):
            entry = result[form]
            # Float32 against its like, INT8 against the faster.
            peer_p50 = min([plain["window"][0]] + ([dynamic["window"][0]] if form == "INT8" else []))
            print(
                f"| {result['model']} | {form} | {figures(entry['newest'])} | {entry['prepare']:,.1f} | {figures(entry['window'])} | {entry['snr']:.1f} "
                f"| {figures(plain['window'])} | {plain['snr']:.1f} | {figures(dynamic['window'])} | {dynamic['snr']:.1f} "
                f"| {peer_p50 / entry['window'][0]:.1f} × | {peer_p50 / entry['newest'][0]:.0f} × |", flush=True)


def tree_table(pare, options, folder, results):
    print("Boosted trees of STAC-ML's sizes, random, unaudited; one core; µs, p50 / p99")
    print("| model | features | nodes | trees × depth | Pare | onnxruntime | ratio | largest difference, of the largest output |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in options.trees:
        result = trees(pare, boosted_trees.SHAPES[name], options.iterations, folder)
        results.append(result)
        ours, theirs = result["Float32"]["decision"], result["onnxruntime"]["decision"]
        print(
            f"| {result['model']} | {result['features']:,} | {result['nodes']:,} | {result['trees']:,} × {result['depth']} | {figures(ours)} "
            f"| {figures(theirs)} | {theirs[0] / ours[0]:.1f} × | {result['difference']:.1e} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True)
    parser.add_argument("--models", default="ABC", help="LSTMs; \"\" for none")
    parser.add_argument("--trees", default="ABC", help="ensembles of trees; \"\" for none")
    parser.add_argument("--iterations", type=int, default=20000)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    pare, results = Pare(options.pare), []
    with tempfile.TemporaryDirectory() as folder:
        if options.models:
            recurrent_table(pare, options, pathlib.Path(folder), results)
        if options.trees:
            tree_table(pare, options, pathlib.Path(folder), results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
