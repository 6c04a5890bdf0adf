"""What a figure was measured on."""

import os
import pathlib
import platform


def description() -> dict:
    """Processor, caches, extensions, cores and load, where the system tells them."""
    processor = {}
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            processor[key.strip()] = value.strip()
    except OSError:
        pass
    flags = processor.get("flags", processor.get("Features", "")).split()
    caches = []
    for folder in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = [(folder / name).read_text().strip() for name in ("level", "type", "size")]
            caches.append(f"L{level} {kind.lower()} {size}")
        except OSError:
            pass
    return {
        "processor": processor.get("model name", platform.processor() or platform.machine()),
        "family": processor.get("cpu family"), "model": processor.get("model"),
        "extensions": [flag for flag in flags if flag.startswith(("avx", "amx", "asimd", "f16c", "fma"))],
        "caches": caches, "cores": os.cpu_count(), "load": list(os.getloadavg()), "system": platform.platform(),
    }


def line(machine: dict) -> str:
    vector = next(
        (flag for flag in ("avx512_vnni", "avx_vnni", "avx512f", "avx2", "asimddp") if flag in machine["extensions"]), "no vectors")
    return (
        f"{machine['processor']} (family {machine['family']}, model {machine['model']}), {vector}, {machine['cores']} cores, "
        f"{', '.join(machine['caches'])}; load {machine['load'][0]:.2f}")
