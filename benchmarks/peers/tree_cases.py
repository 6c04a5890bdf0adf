"""250 trees of 60 features trained by XGBoost, against onnxruntime and the C function that tl2cgen makes of them."""

import concurrent.futures
import json
import os
import subprocess
import sys

import boosted_trees
import native
from decision_cases import Bench, Case
from speed_table import Bar, Row, duration

FEATURES, TREES, DEPTH = 60, 250, 6


class Trees(Case):
    whats = ["250 boosted trees of 60 features", "250 boosted trees, against tl2cgen (treelite), compiled"]

    def prepare(self):
        self.onnx, self.artifact = self.folder / "trees.onnx", self.folder / "trees.pare"
        boosted_trees.train(self.onnx, TREES, DEPTH, FEATURES)
        self.pare.convert(self.onnx, self.artifact)
        rows = boosted_trees.normal_rows(FEATURES)
        self.add_peers(self.onnx, rows, FEATURES, wanted=("fp32",))
        self.require_agreement(self.artifact, "variable", 1e-5)
        try:
            self.compiled = compiled(self.onnx.with_suffix(".json"), rows, self.folder)
        except Exception as error:  # Not installed, another version's format, no compiler: the row says which.
            self.failures["tl2cgen"] = str(error)
            return
        ours, theirs = self.pare.predict(self.artifact, rows[:1], "variable").item(), self.run_compiled(1)["first"]
        if abs(ours - theirs) > 1e-4 * max(abs(ours), 1):
            self.failures["tl2cgen"] = f"it gives {theirs} where Pare gives {ours}"

    def run_compiled(self, passes: int) -> dict:
        return json.loads(subprocess.run([*self.compiled, str(passes)], check=True, capture_output=True, text=True).stdout)

    def round(self):
        self.time("trees", self.artifact, 20_000)
        self.time_peers()
        if "tl2cgen" not in self.failures:
            figures = self.run_compiled(10)
            self.figures["tl2cgen"].append((figures["p50"], figures["p99"]))

    def rows(self):
        ours = self.p50("trees")
        first = self.against_peer(Row(self.whats[0], ours, self.p99("trees")))
        first.bars = [Bar("ratio", first.ratio, 3)]
        if "tl2cgen" in self.failures:
            return [first, Row(self.whats[1], failure=self.failures["tl2cgen"])]
        theirs = self.p50("tl2cgen")
        return [first, Row(self.whats[1], ours, self.p99("trees"), f"tl2cgen {duration(theirs)}", theirs / ours)]


GENERATE = """
import sys, tl2cgen, treelite
tl2cgen.generate_c_code(treelite.frontend.load_xgboost_model(sys.argv[1]), sys.argv[2], {"parallel_comp": 8})
"""


def compiled(model, rows, folder):
    """The command, less the number of passes, of a program that times the ensemble as C, compiled with -O2."""
    sources = folder / "tl2cgen"
    # In a process of its own, since it writes to standard output.
    made = subprocess.run([sys.executable, "-c", GENERATE, str(model), str(sources)], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(made.stderr.strip().splitlines()[-1] if made.stderr.strip() else "no C code")
    data = folder / "rows.f32"
    rows.tofile(data)
    objects = [folder / f"{source.stem}.o" for source in sorted(sources.glob("*.c"))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda made: native.build(made, [sources / f"{made.stem}.c"], "-c", "-w"), objects))
    program = native.build(folder / "tree_latency", ["tree_latency.c"], f"-I{sources}", *map(str, objects))
    return [str(program), str(data), str(len(rows)), str(rows.shape[1])]


def cases(bench: Bench):
    return [Trees(bench)]
