"""Pare's quantizer beside onnxruntime's: networks with layers of 64 to 512, the same ONNX models, the same calibration rows.

Output SNR on fresh rows, each output's mean taken off the signal, against onnxruntime's Float32: of each form the default
settings and the best of those that are tried. p50 of one decision by turns, the least of the rounds. Pare's export in
onnxruntime against Pare's plan: each layer fed identical integers, in steps of its output, and the whole model, in 255ths of
the output's range; differences below half a step are equal.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys
import tempfile
import time
from importlib import metadata

import machine
import quantizer_forms
import quantizer_models
import quantizer_tables
from pare_program import Pare
from quantizer_cases import QuantizerCase


def attempt(case: QuantizerCase, step, broken: dict):
    """Does a step of a case that is not broken; notes what breaks it."""
    if case.what in broken:
        return
    started = time.monotonic()
    try:
        step()
    except Exception as error:  # One case's failure is its reason and nobody else's.
        broken[case.what] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    print(f"{case.what}: {step.__name__} {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the pare program")
    parser.add_argument("--only", default=",".join(quantizer_models.NETWORKS), help="networks, of %(default)s")
    parser.add_argument("--widths", default="64,128,256,512", help="layers' widths, by default %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pin", type=int, metavar="CPU", help="time everything on this core")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    kinds = options.only.split(",")
    if unknown := [kind for kind in kinds if kind not in quantizer_models.NETWORKS]:
        parser.error(f"--only: no network '{unknown[0]}', only {', '.join(quantizer_models.NETWORKS)}")
    try:
        widths = [int(width) for width in options.widths.split(",")]
    except ValueError:
        widths = []
    if not widths or any(width < 8 or width % 4 for width in widths):
        parser.error("--widths: expected multiples of 4 from 8 on, with commas between")
    if options.rounds < 1:
        parser.error("--rounds: expected 1 or more")

    pare, broken = Pare(options.pare), {}
    with tempfile.TemporaryDirectory() as folder:
        cases = [QuantizerCase(pare, kind, width, pathlib.Path(folder)) for kind in kinds for width in widths]
        for case in cases:
            attempt(case, case.prepare, broken)
            attempt(case, case.export, broken)
        if options.pin is not None:
            os.sched_setaffinity(0, {options.pin})
        measured_on = machine.description()
        for _ in range(options.rounds):
            for case in cases:
                attempt(case, case.round, broken)
    whole = [case for case in cases if case.what not in broken]
    for make in (quantizer_tables.accuracy, quantizer_tables.speed, quantizer_tables.exports):
        print(make(whole), end="\n\n")
    for what, why in broken.items():
        print(f"{what}: did not run: {why}")
    versions = {name: metadata.version(name) for name in ("onnxruntime", "onnx", "numpy", "torch")} | {"pare": pare.version}
    print(f"{machine.line(measured_on)}\nonnxruntime {versions['onnxruntime']}, one thread; least of {options.rounds} rounds")
    print(
        "This processor sums products of u8 by s8 in 32 bits, so nothing is cut." if quantizer_forms.has_vnni() else
        "Without VNNI onnxruntime sums pairs of products of u8 by s8 in 16 bits, which saturate: its own forms have weights of 7 bits"
        " here (reduced range), and what it gives for Pare's exports is not theirs to answer for.")
    if options.json:
        options.json.write_text(json.dumps({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": measured_on,
            "versions": versions, "rounds": options.rounds, "cases": [case.json() for case in whole], "broken": broken}, indent=1))
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
