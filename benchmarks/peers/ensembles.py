"""Ensembles that outgrow the caches: decisions and bytes a second on libPareC, against a read of as many bytes.

A decision of an instrument runs all models, each a perceptron of 512 features and three hidden layers, and decides on the
mean of their probabilities. Weights are Float32, Float16, INT8, or INT4 in groups of 32; every model has weights of its own.
*Of the read* is how near the bytes of weights that decisions read in a second come to those that the widest loads read of a
buffer as large, by as many threads, in turn with the decisions in the same run. *In blocks* each model gets the rows of
eight instruments before the next model's turn, so that weights which fit in a cache come from memory once for eight.
*Δp max* is the greatest difference of a mean probability from the first form's, over eight instruments.
Threads share the plans and have contexts of their own. onnxruntime runs the same Float32 weights, and its dynamic INT8 of
them, on one thread through bound buffers.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from statistics import median

import artifact_writer
import machine
import native
import onnx_network
import perceptrons
from onnxruntime_forms import forms
from onnxruntime_peer import Peer

FEATURES, CLASSES = 512, 3
FORMS = {"float32": 4, "float16": 2, "int8": 1, "int4": 0.5 + 1 / 32}  # Bytes a weight.


def extents(megabytes: float):
    """Three hidden layers of one width, a multiple of 64, with which a Float32 model is about so large."""
    weights = megabytes * 1e6 / 4
    # 2 w² + (features + classes) w = weights
    linear = FEATURES + CLASSES
    width = (math.sqrt(linear * linear + 8 * weights) - linear) / 4
    width = max(64, round(width / 64) * 64)
    return FEATURES, width, width, width, CLASSES


def count_weights(shape) -> int:
    return sum(before * after for before, after in zip(shape, shape[1:]))


def run_form(form: str, shape, options, program, folder: pathlib.Path) -> dict:
    paths = [folder / f"{form}-{index}.pare" for index in range(options.models)]
    for index, path in enumerate(paths):
        artifact_writer.write(path, perceptrons.network(shape, form, seed=index + 1))
    total = int(options.models * count_weights(shape) * FORMS[form])
    command = [program, options.threads, options.seconds, options.rounds, total, *paths]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    for path in paths:
        path.unlink()
    if result.returncode:
        raise RuntimeError(result.stderr.strip() or f"exit code {result.returncode}")
    return {"form": form, "weight_bytes": total} | json.loads(result.stdout)


def run_peer(shape, options, folder: pathlib.Path):
    """Decisions a second of onnxruntime's sessions one after another, by form; each form's sessions by themselves."""
    rows = perceptrons.rows(FEATURES, 64)
    for form in ("fp32", "int8 dynamic"):
        peers = []
        for index in range(options.models):
            path = folder / "peer.onnx"
            graph = perceptrons.network(shape, "float32", seed=index + 1)
            path.write_bytes(onnx_network.network(graph, ["probabilities"]))
            made = forms(path, rows, wanted=(form,))[form]
            if isinstance(made, str):
                raise RuntimeError(f"onnxruntime {form}: {made}")
            peers.append(Peer(made))
        yield {
            "form": f"onnxruntime {form}",
            "decisions_per_second_one": median(peer_rate(peers, rows, options.seconds) for _ in range(options.rounds))}


def peer_rate(peers, rows, seconds: float) -> float:
    """Decisions a second over a time: every session on a row, model after model."""
    done, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds or done == 0:
        for peer in peers:
            peer.run(rows[done % len(rows)])
        done += 1
    return done / passed


def gigabytes(entry, reads: str, decisions: str):
    """Bytes of weights that decisions read a second, and as a share of what the reads did."""
    used = entry[decisions] * entry["weight_bytes"]
    return f"{used / 1e9:.1f} GB/s, {entry[decisions] / entry[reads]:.2f} of {entry[reads] * entry['weight_bytes'] / 1e9:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=pathlib.Path, required=True, help="where libPareC is installed")
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--megabytes", type=float, default=50, help="of a model in Float32")
    parser.add_argument("--forms", default=",".join(FORMS), help="of %(default)s")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="by default one for each core")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement of a round")
    parser.add_argument("--without-peers", action="store_true", help="leave onnxruntime out")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    wanted = options.forms.split(",")
    if unknown := [form for form in wanted if form not in FORMS]:
        parser.error(f"--forms: no form '{unknown[0]}', only {', '.join(FORMS)}")

    shape, results = extents(options.megabytes), []
    size = count_weights(shape) * 4 / 1e6
    print(f"{options.models} perceptrons of {'-'.join(map(str, shape))}, {size:.1f} MB each in Float32; a decision runs all")
    print(
        "| weights | MB | instruments/s, one core | of the read | of the first | in blocks of 8 | "
        f"instruments/s, {options.threads} threads | of the read | in blocks of 8 | Δp max |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        library = options.library.resolve() / "lib"
        program = native.build(
            folder / "ensembles", ["ensembles.c"], f"-I{library.parent / 'include'}", f"-L{library}", "-lPareC", "-pthread",
            f"-Wl,-rpath,{library}")
        measured_on = machine.description()
        for form in wanted:
            try:
                entry = run_form(form, shape, options, program, folder)
            except RuntimeError as error:
                print(f"| {form} | did not run: {error} |", flush=True)
                results.append({"form": form, "failure": str(error)})
                continue
            results.append(entry)
            first = next(each for each in results if "failure" not in each)
            difference = max(abs(a - b) for a, b in zip(entry["probabilities"], first["probabilities"]))
            print(
                f"| {form} | {entry['weight_bytes'] / 1e6:.0f} | {entry['decisions_per_second_one']:.4g} "
                f"| {gigabytes(entry, 'reads_per_second_one', 'decisions_per_second_one')} "
                f"| {entry['decisions_per_second_one'] / first['decisions_per_second_one']:.2f} × | {entry['decisions_in_blocks_per_second_one']:.4g} "
                f"| {entry['decisions_per_second_all']:.4g} "
                f"| {gigabytes(entry, 'reads_per_second_all', 'decisions_per_second_all')} "
                f"| {entry['decisions_in_blocks_per_second_all']:.4g} | {difference:.1e} |", flush=True)
        if not options.without_peers:
            for entry in run_peer(shape, options, folder):
                results.append(entry)
                print(f"| {entry['form']} | | {entry['decisions_per_second_one']:.4g} | | | | | | | |", flush=True)
    print(f"\n{machine.line(measured_on)}\nmedians of {options.rounds} rounds of {options.seconds:g} s")
    if options.json:
        options.json.write_text(json.dumps({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": measured_on,
            "versions": {"onnxruntime": metadata.version("onnxruntime")}, "models": options.models, "extents": shape,
            "results": results}, indent=1))
    if any("failure" in entry for entry in results):
        sys.exit(70)


if __name__ == "__main__":
    main()
