"""What a student that keeps up with its market knows before and after the signal turns round, and what one that stays as it was does.

Skill is accuracy above a coin's, expected under the simulator's truth. The share regained is the skill of the candles named over that of
the 5,000 candles before the break.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARE = ROOT / ".build/release/pare"
EXAMPLE = ROOT / "examples/rolling.yaml"
SETTINGS = ["--rolling", "--student", "mlp:16-8", "--window", "3500", "--every", "250", "--epochs", "60", "--half-life", "1500"]
# Two-sided 95 % quantiles of Student's t by degrees of freedom.
QUANTILES = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def run(seed: int, out: pathlib.Path) -> dict:
    kept = out / f"{seed}.json"
    if not kept.exists():
        print(f"seed {seed}", file=sys.stderr, flush=True)
        command = [str(PARE), "distill", str(EXAMPLE), *SETTINGS, "--seed", str(seed), "--json", "--quiet"]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            sys.exit(f"seed {seed}: {outcome.stderr.strip()}")
        out.mkdir(parents=True, exist_ok=True)
        kept.write_text(outcome.stdout)
    return json.loads(kept.read_text())


def skill(result: dict, key: str, first: int, end: int) -> float:
    """Mean over the rows of the blocks that begin within some candles, counted from the break."""
    chosen = [block for block in result["blocks"] if first <= block["candle"] - result["signal_break"] < end]
    return sum(block[key] * block["rows"] for block in chosen) / sum(block["rows"] for block in chosen)


def words(values: list[float]) -> str:
    half = QUANTILES.get(len(values) - 1, 1.96) * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{statistics.mean(values):.1f}" + ("" if math.isnan(half) else f" ± {half:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/rolling")
    arguments = parser.parse_args()
    results = [run(int(seed), arguments.out) for seed in arguments.seeds.split(",")]
    spans = [(-5000, 0), (0, 2500), (2500, 4000), (4000, 5000), (5000, 10000), (10000, 20000)]
    print("| candles after the break | keeps up, % | regained, % | stays as it is, % | regained, % | the most, % |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for first, end in spans:
        cells = []
        for key in ("rolling", "fixed"):
            values = [skill(result, key, first, end) for result in results]
            shares = [value / skill(result, key, -5000, 0) for value, result in zip(values, results)]
            cells += [words([100 * value for value in values]), words([100 * share for share in shares])]
        most = words([100 * skill(result, "best", first, end) for result in results])
        print(f"| {first:,} to {end:,} | " + " | ".join(cells) + f" | {most} |")


if __name__ == "__main__":
    main()
