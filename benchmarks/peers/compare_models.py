"""Imports every exported model into Pare, runs it, exports it again, and compares all three with onnxruntime; then
fine-tunes each that is no tree for 50 steps. With --compress, seven techniques on each: what comes out has to run, and
onnxruntime has to give the same for it.

`import` is the largest difference of Pare's outputs from onnxruntime's on the original, relative to the output's
largest magnitude; `export` that of onnxruntime on Pare's export; `plan` that of Pare's execution plan.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

BOUND = 1e-4


def run_peer(path, inputs, options=None):
    """The outputs that are tensors, by name; a ZipMap's list of dictionaries as its table of probabilities."""
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    outputs = {}
    for info, value in zip(session.get_outputs(), session.run(None, inputs)):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = np.array([list(row.values()) for row in value], np.float32)
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            outputs[info.name] = value
    return outputs


def difference(found, expected):
    """The largest difference over all outputs of a floating-point type; integer outputs have to be equal."""
    worst = 0.0
    for name, value in expected.items():
        if name not in found:
            raise ValueError(f"no output {name!r}, only {sorted(found)}")
        other = found[name].reshape(value.shape)
        if value.dtype.kind == "f":
            scale = max(np.abs(value).max(), 1e-30)
            worst = max(worst, float(np.abs(other.astype(np.float64) - value).max() / scale))
        elif not np.array_equal(other, value):
            raise ValueError(f"output {name!r} differs in {np.count_nonzero(other != value)} of {value.size}")
    return worst


def pare(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise ValueError(f"pare {arguments[0]}: {result.stderr.strip() or result.returncode}")
    return result.stdout


def compare(program, path, data, folder):
    inputs = dict(np.load(data))
    expected = run_peer(path, inputs)
    row = {"model": path.stem}
    artifact, exported = folder / "model.pare", folder / "export.onnx"
    pare(program, "convert", path, artifact)
    for engine, column in (("reference", "import"), ("plan", "plan")):
        outputs = folder / "outputs.npz"
        pare(program, "predict", artifact, "--input", data, "--output", outputs, "--engine", engine)
        row[column] = difference(dict(np.load(outputs)), expected)
    pare(program, "convert", artifact, exported)
    row["export"] = difference(run_peer(exported, inputs), expected)
    if not path.stem.startswith(("xgboost", "lightgbm")):
        rows = next(iter(inputs.values())).shape[0]
        scores = next(value for value in expected.values() if value.dtype.kind == "f")
        generator = np.random.default_rng(2)
        labels = folder / "labels.npy"
        if scores.shape[1] == 3:
            np.save(labels, generator.integers(0, 3, rows))
            loss = "cross-entropy"
        else:
            np.save(labels, generator.normal(size=scores.shape).astype(np.float32))
            loss = "mse"
        report = json.loads(pare(
            program, "train", artifact, "--data", data, "--labels", labels, "--loss", loss, "--steps", 50, "--quiet", "--output",
            folder / "tuned.pare", "--json"))
        row["loss before"], row["loss after"] = report["loss_before"], report["loss_after"]
    return row


RECIPES = {
    "pruned": "{technique: pruning, sparsity: 0.5}",
    "shared": "{technique: weight-sharing, bits: 4}",
    "int8": "{technique: quantization, precision: int8}",
    "halved": "{technique: structured-pruning, target: {ratio: 0.5}}",
    "tucker": "{technique: tensor-factorization, method: tucker-2, keep: {ratio: 0.4}, where: smaller}",
    "low-rank": "{technique: low-rank, keep: {ratio: 0.5}}",
    "student": "{technique: distillation, student: {mlp: {hidden: [16]}}, temperature: 2, hard-weight: 0, training: {epochs: 2, batch-size: 8}}",
}
# What a technique may say where there is nothing for it to do.
REFUSALS = (
    "at least one selected layer with Float32 weights", "at least one selected layer whose channels can be taken out",
    "logits, or a Softmax behind them", "outputs that follow from")


def compress(program, path, data, folder):
    """For each recipe: the largest difference of onnxruntime from Pare on what came out, or why nothing did."""
    inputs = dict(np.load(data))
    outcomes = {}
    for name, step in RECIPES.items():
        recipe, small, outputs = folder / "recipe.yaml", folder / f"{name}.onnx", folder / "outputs.npz"
        recipe.write_text(f"schema: 1\nname: {name}\nsteps: [{step}]\n")
        try:
            pare(program, "compress", path, "--recipe", recipe, "--calibration", data, "--output", small, "--quiet")
        except ValueError as error:
            if not any(words in str(error) for words in REFUSALS):
                raise
            outcomes[name] = "refused"
            continue
        # The floating-point reading of a quantized model is what onnxruntime computes, but for what its optimizer fuses.
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        expected = run_peer(small, inputs, options)
        pare(program, "predict", small, "--input", data, "--output", outputs, "--engine", "qdq")
        outcomes[name] = difference(dict(np.load(outputs)), expected)
        pare(program, "predict", small, "--input", data, "--output", outputs, "--engine", "plan")
    return outcomes


def compression_table(arguments):
    print("| model | " + " | ".join(RECIPES) + " |\n| --- |" + " ---: |" * len(RECIPES))
    failures = count = 0
    for path in sorted(arguments.models.glob("*.onnx")):
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcomes = compress(arguments.pare, path, arguments.models / f"{path.name.split('.')[0]}.npz", pathlib.Path(folder))
            except ValueError as error:
                print(f"| {path.stem} | {error} |")
                failures += 1
                continue
        cells = [value if isinstance(value, str) else f"{value:.1e}" for value in outcomes.values()]
        bad = [name for name, value in outcomes.items() if not isinstance(value, str) and value > BOUND]
        failures += len(bad)
        count += len(outcomes) - len(bad)
        print(f"| {path.stem} | {' | '.join(cells)} |" + (f" NO: {', '.join(bad)}" if bad else ""), flush=True)
    print(f"\n{count} end in a file that onnxruntime and Pare agree on, or in a stated refusal; {failures} do not")
    sys.exit(failures > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("--pare", default=".build/release/pare")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--compress", action="store_true", help="seven techniques on each instead")
    arguments = parser.parse_args()
    onnxruntime.set_default_logger_severity(3)
    if arguments.compress:
        return compression_table(arguments)
    rows, failures = [], 0
    for path in sorted(arguments.models.glob("*.onnx")):
        with tempfile.TemporaryDirectory() as folder:
            try:
                row = compare(arguments.pare, path, arguments.models / f"{path.name.split('.')[0]}.npz", pathlib.Path(folder))
                worst = max(row["import"], row["export"], row["plan"])
                tuned = "loss before" not in row or row["loss after"] < row["loss before"]
                row["passed"] = worst <= BOUND and tuned
            except ValueError as error:
                row = {"model": path.stem, "passed": False, "error": str(error)}
        failures += not row["passed"]
        rows.append(row)
    print("| model | import | plan | export | loss, 50 steps | |\n| --- | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        figures = [f"{row[column]:.1e}" if column in row else "" for column in ("import", "plan", "export")]
        loss = f"{row['loss before']:.3f} → {row['loss after']:.3f}" if "loss before" in row else ""
        print(f"| {row['model']} | {' | '.join(figures)} | {loss} | {'yes' if row['passed'] else row.get('error', 'NO')} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    print(f"\n{len(rows) - failures} of {len(rows)} pass: differences relative to the largest output at most {BOUND}, and the loss falls")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
