"""The pare program as a process: what the benchmarks ask of it."""

import json
import pathlib
import subprocess
import tempfile

import numpy as np

INT8 = "schema: 1\nname: int8\nsteps: [{technique: quantization, precision: int8, recurrent: integers}]\n"


class Refused(Exception):
    """What the program said on a standard error of one line."""


class Pare:
    def __init__(self, path: str):
        self.path = path

    def run(self, *arguments) -> str:
        result = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True)
        if result.returncode:
            said = result.stderr.strip()
            for path in (argument for argument in arguments if isinstance(argument, pathlib.Path)):
                said = said.replace(str(path), path.name)
            raise Refused(f"pare {arguments[0]}: {said or result.returncode}")
        return result.stdout

    @property
    def version(self) -> str:
        return self.run("--version").strip()

    def convert(self, model, output):
        self.run("convert", model, output)

    def compress(self, model, rows, output, recipe: str = INT8):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "recipe.yaml").write_text(recipe)
            np.save(folder / "rows.npy", rows)
            self.run(
                "compress", model, "--recipe", folder / "recipe.yaml", "--calibration", folder / "rows.npy", "--output", output,
                "--quiet")

    def bench(self, models, iterations: int, mode: str = "decision") -> list[dict]:
        """What `pare bench --json` says of each model."""
        return json.loads(self.run("bench", *models, "--mode", mode, "--iterations", iterations, "--json", "--quiet"))

    def predict(self, model, rows, output: str, engine: str = "plan"):
        """The output of that name for each row."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            np.save(folder / "x.npy", rows)
            self.run(
                "predict", model, "--input", folder / "x.npy", "--output", folder / "y.npy", "--output-name", output,
                "--engine", engine)
            return np.load(folder / "y.npy")


def latency(entry: dict):
    """p50 and p99 in nanoseconds."""
    return entry["latency_ns"]["p50"], entry["latency_ns"]["p99"]
