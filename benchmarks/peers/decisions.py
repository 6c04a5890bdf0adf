"""The table of speeds: one decision of each model in Pare against its bar, onnxruntime's fastest form and other peers.

A round times every contestant once, one after another; figures are medians over the rounds. Pare runs from raw features
to the decision, timed by `pare bench`: p50 below a microsecond from dependent chains over different rows, else and for p99
from stamps around single decisions. onnxruntime runs the Float32 model, its static INT8 form (QDQ) and its dynamic one on
one thread through bound buffers and ends at the probabilities; the fastest of the three counts. *Less one-op* leaves out
what it takes for a model of one Identity. Every row that was asked for is printed, with the reason where it did not run.
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
import perceptron_cases
import recurrent_cases
import speed_table
import tree_cases
from decision_cases import Bench, Case
from pare_program import Pare, Refused
from speed_table import Row

GROUPS = {
    "mlp": perceptron_cases.cases, "lstm": recurrent_cases.cases, "trees": tree_cases.cases,
    "binary": lambda bench: [perceptron_cases.Signs(bench)],
}


def attempt(case: Case, step, broken: dict):
    """Does a step of a case that is not broken; notes what breaks it."""
    if case in broken:
        return
    started = time.monotonic()
    try:
        step()
    except Exception as error:  # One case's failure is its rows' reason and nobody else's.
        broken[case] = reason(error)
    print(f"{case.whats[0]}: {step.__name__} {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def reason(error: Exception) -> str:
    kind = "" if isinstance(error, (Refused, RuntimeError)) else f"{type(error).__name__}: "
    return kind + " ".join(str(error).split())[:300]


def rows_of(case: Case, broken: dict) -> list[Row]:
    if case not in broken:
        try:
            return case.rows()
        except Exception as error:
            broken[case] = reason(error)
    return [Row(what, failure=broken[case]) for what in case.whats]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the pare program")
    parser.add_argument("--only", default=",".join(GROUPS), help="groups of rows, of %(default)s")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pin", type=int, metavar="CPU", help="time everything on this core")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    groups = options.only.split(",")
    if unknown := [name for name in groups if name not in GROUPS]:
        parser.error(f"--only: no group '{unknown[0]}', only {', '.join(GROUPS)}")
    if options.rounds < 1:
        parser.error("--rounds: expected 1 or more")

    pare, broken = Pare(options.pare), {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pare, pathlib.Path(folder))
        cases = [case for name in groups for case in GROUPS[name](bench)]
        for case in cases:
            attempt(case, case.prepare, broken)
        if options.pin is not None:
            os.sched_setaffinity(0, {options.pin})
        measured_on = machine.description()
        for _ in range(options.rounds):
            for case in cases:
                attempt(case, case.round, broken)
        rows = [row for case in cases for row in rows_of(case, broken)]

    print(speed_table.table(rows))
    versions = {name: metadata.version(name) for name in ("onnxruntime", "numpy", "torch", "xgboost")} | {"pare": pare.version}
    print(f"\n{machine.line(measured_on)}\nonnxruntime {versions['onnxruntime']}, one thread; medians of {options.rounds} rounds")
    for row in rows:
        if row.note:
            print(f"{row.what}: {row.note}")
    if options.json:
        options.json.write_text(json.dumps({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": measured_on,
            "versions": versions, "rounds": options.rounds, "rows": [row.json() for row in rows],
            "figures_ns": {case.whats[0]: case.figures for case in cases},
        }, indent=1))


if __name__ == "__main__":
    main()
