"""What a student that keeps up with its market knows before and after the signal turns round, and what one that stays as it was does.

Skill is accuracy above a coin's, expected under the simulator's truth. The share regained is the skill of the candles named over that of
the 5,000 candles before the break.
"""

import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
from seed_intervals import words  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARE = ROOT / ".build/release/pare"
EXAMPLE = ROOT / "examples/rolling.yaml"
SETTINGS = ["--rolling", "--student", "mlp:16-8", "--window", "3500", "--every", "250", "--epochs", "60", "--half-life", "1500"]


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
            cells += [words(values, 100, 1), words(shares, 100, 1)]
        most = words([skill(result, "best", first, end) for result in results], 100, 1)
        print(f"| {first:,} to {end:,} | " + " | ".join(cells) + f" | {most} |")


if __name__ == "__main__":
    main()
