"""Experiments of Pare as processes: a file and a seed in, results out."""

import json
import pathlib
import subprocess
import sys


def run(pare: str, text: str, seed: int, folder: pathlib.Path) -> dict:
    """What `pare run --json` says of an experiment."""
    (folder / "experiment.yaml").write_text(text)
    result = subprocess.run(
        [pare, "run", folder / "experiment.yaml", "--seed", str(seed), "--out", folder / "run", "--quiet", "--json"],
        capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr.strip() or f"pare run: {result.returncode}")
    return json.loads(result.stdout)


def series(file: pathlib.Path) -> str:
    return f"{{csv: {json.dumps(str(file.resolve()))}, symbol: {json.dumps(file.name.split('-')[0])}}}"


def candidate(results: dict, name: str) -> dict:
    return next(c for c in results["candidates"] if c["name"] == name)
