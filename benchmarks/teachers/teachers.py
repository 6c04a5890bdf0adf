"""Teachers and their students over several seeds: skill against the simulator's truth, money, bytes and nanoseconds.

Each file of examples/teachers is run once for each seed by `pare run`; what is finished is kept and not run again. Of each student the
table has the paired difference to the same student trained on the labels alone, a mean over the seeds with a 95 % interval of Student's t.
"""

import argparse
import json
import pathlib
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
from seed_intervals import words  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(__file__).resolve().parents[2]
PARE = ROOT / ".build/release/pare"


def positions(seed: int, out: pathlib.Path) -> str:
    """The record of an agent's positions: of each candle's close, short, flat or long."""
    run(ROOT / "examples/teachers/dqn.yaml", seed, out)
    data = next((out / f"dqn-{seed}/teachers").glob("*.safetensors")).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])["logits"]
    rows, classes = entry["shape"]
    first = 8 + length + entry["data_offsets"][0]
    logits = struct.unpack(f"<{rows * classes}f", data[first:first + 4 * rows * classes])
    # 72,000 candles of five minutes from 2024-01-01; those before the first row fill the features' windows.
    start, candle = 1_704_067_200_000, 300_000
    lines = ["time,position"]
    for row in range(rows):
        own = logits[row * classes:(row + 1) * classes]
        lines.append(f"{start + (72_000 - rows + row + 1) * candle},{own.index(max(own)) - 1}")
    path = out / f"positions-{seed}.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def student(seed: int, out: pathlib.Path) -> str:
    """A student that an earlier run left."""
    run(HERE / "pairings/one-after-another.yaml", seed, out)
    return str(out / f"one-after-another-{seed}/artifacts/student.pare")


# What a file asks for that another run leaves: a word in it, and what makes the path that stands for it.
EARLIER = {"@POSITIONS@": positions, "@STUDENT@": student}


def prepared(path: pathlib.Path, seed: int, out: pathlib.Path) -> pathlib.Path:
    """The file itself, or with the paths of what earlier runs left."""
    text = path.read_text()
    asked = [word for word in EARLIER if word in text]
    if not asked:
        return path
    for word in asked:
        text = text.replace(word, EARLIER[word](seed, out))
    filled = out / f"{path.stem}-{seed}.yaml"
    filled.write_text(text)
    return filled


def run(path: pathlib.Path, seed: int, out: pathlib.Path) -> dict:
    """The results of one file and seed, with the seconds that they took when they were made."""
    folder = out / f"{path.stem}-{seed}"
    kept = folder / "measured.json"
    if kept.exists():
        return json.loads(kept.read_text())
    path = prepared(path, seed, out)
    begin = time.monotonic()
    command = [PARE, "run", path, "--seed", str(seed), "--out", folder, "--json", "--quiet"]
    outcome = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        sys.exit(f"{path.name}, seed {seed}: {outcome.stderr.strip()}")
    measured = {"seconds": time.monotonic() - begin, "results": json.loads(outcome.stdout)}
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(measured))
    return measured


def candidate(results: dict, name: str) -> dict | None:
    return next((one for one in results["candidates"] if one["name"] == name), None)


def has_file(one: dict) -> bool:
    return bool(one["artifact"] or one.get("parts"))


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def share(results: dict, one: dict) -> float | None:
    truth = results.get("truth")
    return one["test"]["skill"] / truth["test"]["bayes_skill"] if truth else None


def teacher_row(name: str, measured: list[dict]) -> list[str]:
    teachers = [one["results"]["candidates"][0] for one in measured]
    shares = [share(one["results"], teacher) for one, teacher in zip(measured, teachers)]
    nets = [teacher["test"]["net_return"] for teacher in teachers]
    latency = teachers[0]["latency_ns"]
    return [
        name, teachers[0]["made"], words([s for s in shares if s is not None], 100, 1) if None not in shares else "–",
        words([teacher["test"]["log_loss"] for teacher in teachers], 1, 4), words(nets, 100, 1),
        f"{teachers[0]['bytes']:,}" if has_file(teachers[0]) else "–", f"{latency['p50'] / 1000:,.1f}" if latency else "–",
        words([one["seconds"] for one in measured], 1, 0),
    ]


def untaught(results: dict, student: dict) -> dict | None:
    """The same student on labels alone: of its name, or of the first student's form, which every run has; None for one of another form."""
    named = candidate(results, f"{student['name']}-untaught")
    first = candidate(results, "student-untaught")
    return named or (first if first and first["parameters"] == student["parameters"] else None)


def student_rows(name: str, measured: list[dict]) -> list[list[str]]:
    rows = []
    names = [one["name"] for one in measured[0]["results"]["candidates"] if one["role"] == "candidate"]
    for student in [one for one in names if not one.endswith("-untaught")]:
        pairs = []
        for one in measured:
            results = one["results"]
            own = candidate(results, student)
            if own:
                pairs.append((results, own, untaught(results, own)))
        if not pairs:
            continue
        beside = [(results, own, plain) for results, own, plain in pairs if plain]
        losses = [own["test"]["log_loss"] - plain["test"]["log_loss"] for _, own, plain in beside]
        money = [own["test"]["net_return"] - plain["test"]["net_return"] for _, own, plain in beside]
        kept = [own["test"]["skill"] / results["candidates"][0]["test"]["skill"] for results, own, _ in pairs]
        bayes = [share(results, own) - share(results, plain) for results, own, plain in beside if results.get("truth")]
        teacher, own = pairs[0][0]["candidates"][0], pairs[0][1]
        latency = own["latency_ns"]["p50"]
        rows.append([
            name, student, *(words(values, scale, digits) if values else "–" for values, scale, digits in
                             ((losses, 1000, 2), (money, 100, 2), (bayes, 100, 1))), words(kept, 100, 1),
            f"{own['bytes']:,}", *(f"{teacher[key] / own[key]:.1f} ×" if has_file(teacher) else "–" for key in ("bytes", "weight_bytes")),
            f"{latency:.0f}", f"{teacher['latency_ns']['p50'] / latency:.1f} ×" if teacher["latency_ns"] else "–",
        ])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--pairings", action="store_true", help="the files of pairings/ in place of the examples")
    parser.add_argument("--only", nargs="*", help="names of examples, without .yaml")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/teachers")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.out = arguments.out.resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    files = sorted((HERE / "pairings" if arguments.pairings else ROOT / "examples/teachers").glob("*.yaml"))
    if arguments.only:
        files = [path for path in files if path.stem in arguments.only]
    measured = {}
    for path in files:
        for seed in seeds:
            print(f"{path.stem}, seed {seed}", file=sys.stderr, flush=True)
            measured.setdefault(path.stem, []).append(run(path, seed, arguments.out))
    print(table(
        ["example", "teacher", "Bayes skill, %", "log loss", "net, %", "bytes", "p50, µs", "seconds"],
        [teacher_row(name, ones) for name, ones in measured.items()]))
    print()
    head = ["example", "student", "log loss less untaught, 10⁻³", "net less untaught, points", "Bayes skill more than untaught, points",
            "skill of the teacher's, %", "bytes", "smaller", "weights smaller", "p50, ns", "faster"]
    # Ways of teaching differ in what they teach, not in what the student weighs.
    count = 6 if arguments.pairings else len(head)
    print(table(head[:count], [row[:count] for name, ones in measured.items() for row in student_rows(name, ones)]))
    if arguments.json:
        arguments.json.write_text(json.dumps({name: ones for name, ones in measured.items()}))


if __name__ == "__main__":
    main()
