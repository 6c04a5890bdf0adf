"""Compiles the C sources of benchmarks/native with cc, or what CC names."""

import os
import pathlib
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "native"


def build(target, sources, *flags) -> pathlib.Path:
    """Compiles sources, paths or names in benchmarks/native, into a program, or with "-shared" a library."""
    command = [
        os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", f"-I{SOURCES}", *[str(SOURCES / source) for source in sources],
        *flags, "-lm", "-o", str(target)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} …: {result.stderr.strip() or result.returncode}")
    return pathlib.Path(target)
