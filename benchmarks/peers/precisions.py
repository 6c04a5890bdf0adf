"""What precisions keep of a teacher, over seeds: an experiment each on the simulator and, where a file is given, on candles.

Every seed draws the market (on the simulator), the teacher's first weights and the order of its rows. Candidates are the
teacher in other precisions, by rounding and by training, all with default settings unless their name says otherwise. Below
each table stand the bars; one is met where every seed reaches it.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import machine
from experiments import run, series
from precision_figures import figures, table, verdicts

CANDIDATES = {
    "fp16": "{technique: quantization, precision: fp16}",
    "int8": "{technique: quantization, precision: int8}",
    "int8-mse": "{technique: quantization, precision: int8, calibration: {method: mse}}",
    "int8-adaround": "{technique: quantization, precision: int8, calibration: {method: mse}, rounding: {adaround: {iterations: 1000}}}",
    "int8-smooth": "{technique: activation-smoothing, strength: 0.9}, "
        "{technique: quantization, precision: int8, calibration: {method: mse}, rounding: {gptq: {}}}",
    # What costs the outputs most stays in Float32 until they have 31 dB on the training part.
    "int8-mixed": "{technique: activation-smoothing, strength: 0.75}, {technique: mixed-precision, "
        "precisions: [{precision: int8, rounding: {gptq: {}}}], calibration: {method: mse}, budget: {output-snr-db: 31}}",
    "int8-trained": "{technique: quantization-aware-training, precision: int8}",
    "int4": "{technique: quantization, precision: int4}",
    "int4-gptq": "{technique: quantization, precision: int4, rounding: {gptq: {damping: 0.01}}, bias-correction: true}",
    "int4-trained": "{technique: quantization-aware-training, precision: int4}",
    "ternary": "{technique: quantization, precision: ternary}",
    "ternary-trained": "{technique: quantization-aware-training, precision: ternary}",
    "binary-trained": "{technique: quantization-aware-training, precision: binary}",
}


def experiment(data: str, names: list[str]) -> str:
    steps = [(name, CANDIDATES[name]) for name in names]
    candidates = "".join(f"  - {{name: {name}, steps: [{step}]}}\n" for name, step in steps)
    return (
        f"schema: 1\nname: precisions\ndata: {data}\nlabel: {{kind: direction, horizon: 12}}\nlatency-decisions: 1000\n"
        f"candidates:\n{candidates}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the pare program")
    parser.add_argument("--candles", type=pathlib.Path, metavar="FILE", help="candles to learn from as well, SYMBOL-….csv.gz")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(CANDIDATES), metavar="NAME,…", help="candidates, of %(default)s")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := [name for name in names if name not in CANDIDATES]:
        parser.error(f"--only: no candidate '{unknown[0]}', only {', '.join(CANDIDATES)}")
    if options.seeds < 1:
        parser.error("--seeds: expected 1 or more")
    sources = {"simulator": "{simulation: {symbols: 1, candles: 72000}}"}
    if options.candles:
        sources[options.candles.name] = series(options.candles)

    said, measured_on = {}, machine.description()
    for source, data in sources.items():
        runs, teachers = [], []
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(1, options.seeds + 1):
                results = run(options.pare, experiment(data, names), seed, pathlib.Path(folder))
                runs.append(figures(results))
                teachers.append(next(c for c in results["candidates"] if c["role"] == "teacher"))
                print(f"{source}: seed {seed} of {options.seeds}", file=sys.stderr, flush=True)
        is_simulated = source == "simulator"
        bars = verdicts(runs, is_simulated)
        skills = ", ".join(f"{teacher['test']['skill']:.2%}" for teacher in teachers)
        print(
            f"{source}, seeds 1 to {options.seeds}; teacher of {teachers[0]['bytes']} bytes, {teachers[0]['weight_bytes']} of weights, "
            f"skill {skills}\n\n{table(runs, is_simulated)}\n")
        for bar in bars:
            found = bar["found"] and ", ".join(f"{key} {value:.4g}" for key, value in bar["found"].items())
            print(f"{bar['candidate']}: {bar['figure']} {bar['bar']}: {bar['verdict']}{f' ({found})' if found else ''}")
        print()
        said[source] = {"teachers": [teacher["test"] for teacher in teachers], "runs": runs, "bars": bars}
    print(machine.line(measured_on))
    if options.json:
        options.json.write_text(json.dumps({"machine": measured_on, "sources": said}, indent=1))


if __name__ == "__main__":
    main()
