"""Drives `pare convert` and `pare predict` over the cases that the package `onnx` carries for single operators.

Each case of opset 13 and later is converted, run on its own inputs and compared with its own outputs, within its own
tolerances. A case passes, is unsupported (a clean error of `convert`), is WRONG (other numbers, types or shapes), or
CRASHED (an exit that is no error of Pare's). An input that shapes depend on is frozen to the case's value.

  benchmarks/peers/.venv/bin/python benchmarks/peers/node_tests.py --pare .build/release/pare [--out FOLDER] [-k PART]
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

CLEAN_EXITS = {64, 65, 66, 73}
FROZEN = re.compile(r"as a constant, found '([^']*)', which is known only when run")
# What these yield depends on the generator that drew it, which ONNX leaves open.
DRAWN = {"test_training_dropout", "test_training_dropout_default", "test_training_dropout_mask", "test_training_dropout_default_mask"}
# Types that NumPy's files cannot hold travel as another and are cast inside the model.
CARRIERS = {
    ml_dtypes.bfloat16: (TensorProto.BFLOAT16, TensorProto.FLOAT, np.float32),
    ml_dtypes.int4: (TensorProto.INT4, TensorProto.INT8, np.int8),
    ml_dtypes.uint4: (TensorProto.UINT4, TensorProto.UINT8, np.uint8),
}


@dataclass
class Result:
    name: str
    operator: str
    outcome: str  # passed, unsupported, WRONG, CRASHED
    detail: str = ""


def array(value):
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value if isinstance(value, (np.ndarray, np.generic)) else None


def carried(model, inputs, outputs):
    """The model with a Cast at each input and output whose type no .npy file holds."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    before, after = [], []
    for info, value in zip(graph.input, inputs):
        carrier = CARRIERS.get(value.dtype.type)
        if carrier is None:
            continue
        stored, travelling, _ = carrier
        inner = info.name + "__stored"
        for node in graph.node:
            for index, name in enumerate(node.input):
                if name == info.name:
                    node.input[index] = inner
        before.append(helper.make_node("Cast", [info.name], [inner], to=stored))
        info.type.tensor_type.elem_type = travelling
    for info, value in zip(graph.output, outputs):
        carrier = CARRIERS.get(value.dtype.type)
        if carrier is None:
            continue
        _, travelling, _ = carrier
        inner = info.name + "__stored"
        for node in graph.node:
            for index, name in enumerate(node.output):
                if name == info.name:
                    node.output[index] = inner
            for index, name in enumerate(node.input):
                if name == info.name:
                    node.input[index] = inner
        after.append(helper.make_node("Cast", [inner], [info.name], to=travelling))
        info.type.tensor_type.elem_type = travelling
    nodes = before + list(graph.node) + after
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def travelling(value):
    carrier = CARRIERS.get(value.dtype.type)
    return value if carrier is None else value.astype(carrier[2])


def run(program, *arguments):
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None, "no answer within a minute"
    return done.returncode, (done.stderr or done.stdout).strip()


def compare(name, found, expected, rtol, atol):
    if found.dtype != expected.dtype:
        return f"{name}: {found.dtype} instead of {expected.dtype}"
    if found.shape != expected.shape:
        return f"{name}: shape {found.shape} instead of {expected.shape}"
    if np.issubdtype(expected.dtype, np.floating):
        if not np.allclose(found.astype(np.float64), expected.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True):
            with np.errstate(all="ignore"):
                worst = np.nanmax(np.abs(found.astype(np.float64) - expected.astype(np.float64)))
            return f"{name}: off by {worst}"
        return None
    if not np.array_equal(found, expected):
        return f"{name}: {int(np.sum(found != expected))} of {expected.size} elements differ"
    return None


def judge(program, engine, case):
    operator = case.model.graph.node[0].op_type if len(case.model.graph.node) == 1 else "(several nodes)"
    domain = case.model.graph.node[0].domain if len(case.model.graph.node) == 1 else ""
    operator = f"{domain}.{operator}" if domain not in ("", "ai.onnx") else operator
    result = lambda outcome, detail="": Result(case.name, operator, outcome, detail)
    if case.name in DRAWN:
        return result("unsupported", "numbers drawn by another generator")
    for given, expected in case.data_sets:
        names = [info.name for info in case.model.graph.input]
        expected_names = [info.name for info in case.model.graph.output]
        inputs, outputs = [array(value) for value in given], [array(value) for value in expected]
        if any(value is None for value in inputs + outputs):
            return result("unsupported", "values that are no tensors")
        inputs, outputs = [np.asarray(value) for value in inputs], [np.asarray(value) for value in outputs]
        unknown = {
            str(value.dtype) for value in inputs + outputs
            if value.dtype.kind not in "fiub" and value.dtype.type not in CARRIERS
        }
        if unknown:
            return result("unsupported", "element type " + ", ".join(sorted(unknown)))
        with tempfile.TemporaryDirectory() as folder:
            source, converted = f"{folder}/case.onnx", f"{folder}/case.pare"
            onnx.save(carried(case.model, inputs, outputs), source)
            files = {}
            for index, (name, value) in enumerate(zip(names, inputs)):
                files[name] = f"{folder}/{index}.npy"
                np.save(files[name], travelling(value))
            frozen = []
            while True:
                constants = [part for name in frozen for part in ("--constant", f"{name}={files[name]}")]
                status, message = run(program, "convert", source, converted, *constants)
                wanted = FROZEN.search(message or "")
                if status in CLEAN_EXITS and wanted:
                    name = wanted.group(1).removesuffix("__stored")
                    if name in files and name not in frozen:
                        frozen.append(name)
                        continue
                break
            if status in CLEAN_EXITS:
                return result("unsupported", message)
            if status != 0:
                return result("CRASHED", f"convert: exit {status}: {message}")
            written = f"{folder}/outputs.npz"
            given_files = [part for name in names if name not in frozen for part in ("--input", f"{name}={files[name]}")]
            status, message = run(program, "predict", converted, "--engine", engine, "--output", written, *given_files)
            if status in CLEAN_EXITS:
                return result("unsupported", "predict: " + message)
            if status != 0:
                return result("CRASHED", f"predict: exit {status}: {message}")
            with np.load(written) as found:
                for name, value in zip(expected_names, outputs):
                    if name not in found:
                        return result("WRONG", f"no output {name}")
                    difference = compare(name, found[name], travelling(value), case.rtol, case.atol)
                    if difference:
                        return result("WRONG", difference)
    return result("passed")


def opset(case):
    return max((entry.version for entry in case.model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def tables(results):
    outcomes = ["passed", "unsupported", "WRONG", "CRASHED"]
    total = Counter(result.outcome for result in results)
    by_operator = defaultdict(Counter)
    for result in results:
        by_operator[result.operator][result.outcome] += 1
    lines = ["| operator | " + " | ".join(outcomes) + " |", "| --- |" + " ---: |" * len(outcomes)]
    for operator in sorted(by_operator):
        lines.append(f"| {operator} | " + " | ".join(str(by_operator[operator][outcome] or "") for outcome in outcomes) + " |")
    lines.append("| **all** | " + " | ".join(str(total[outcome]) for outcome in outcomes) + " |")
    return "\n".join(lines) + "\n", total


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pare", default=".build/release/pare", help="the program")
    arguments.add_argument("--engine", default="qdq", choices=["qdq", "reference", "plan"], help="how the model is run")
    arguments.add_argument("--out", help="a folder for node-tests.md and node-tests.json")
    arguments.add_argument("-k", default="", help="only cases whose name holds this")
    arguments.add_argument("--expanded", action="store_true", help="also operators spelt out as functions' bodies")
    arguments.add_argument("--failures", action="store_true", help="print every case that did not pass")
    options = arguments.parse_args()
    program = os.path.abspath(options.pare)

    cases = [case for case in collect_testcases(None) if opset(case) >= 13 and options.k in case.name]
    if not options.expanded:
        cases = [case for case in cases if not case.name.endswith("_expanded") and "_expanded_" not in case.name]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: judge(program, options.engine, case), cases))
    text, total = tables(results)
    print(text)
    for result in results:
        if result.outcome in ("WRONG", "CRASHED") or options.failures and result.outcome != "passed":
            print(f"{result.outcome} {result.name}: {result.detail}")
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        with open(f"{options.out}/node-tests.md", "w") as file:
            file.write(text)
        with open(f"{options.out}/node-tests.json", "w") as file:
            json.dump([vars(result) for result in results], file, indent=1)
    raise SystemExit(1 if total["WRONG"] or total["CRASHED"] else 0)


if __name__ == "__main__":
    main()
