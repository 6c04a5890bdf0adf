#!/usr/bin/env python3
"""Adds what leaves zeros out to a cost table, by its ratio to dense integer products, and prints it: scripts/ship-costs."""
import json
import sys

BASE = "dense_u8s8"


def scaled(own, here, there):
    """The grid `own`, times how much slower the dense product is in the table (`there`) than where it was measured."""
    axes = [(part["inputs"], part["outputs"]) for part in (own, here, there)]
    if axes[0] != axes[1] or axes[0] != axes[2]:
        sys.exit(f"error: {BASE}: expected the same extents in both tables, found {axes}")
    ns = [float(f"{a * c / b:.3g}") for a, b, c in zip(own["ns"], here["ns"], there["ns"])]
    return {"inputs": own["inputs"], "outputs": own["outputs"], "ns": ns}


def main():
    old, new = (json.load(open(path)) for path in sys.argv[1:3])
    operations = dict(old["operations"])
    for name, grid in new["operations"].items():
        dense = f"{BASE}_{name.rsplit('_', 1)[1]}"
        if name != dense:
            operations[name] = scaled(grid, new["operations"][dense], old["operations"][dense])
    processor = old["processor"].split("; zeros")[0] + f"; zeros by ratio on {new['processor']}"
    head = {"schema": old["schema"], "processor": processor, "kernels": old["kernels"], "entry_ns": old["entry_ns"]}
    print(json.dumps(head, separators=(",", ":"))[:-1] + ",")
    print('"operations":{')
    print(",\n".join(
        f"{json.dumps(name)}:{json.dumps(operations[name], separators=(',', ':'))}" for name in sorted(operations)))
    print("}}")


main()
