"""What pipelines keep of a teacher, over seeds, and what networks of as many bytes do that were trained from scratch.

Each seed draws the market (on the simulator), the teacher's first weights and the order of its rows. A first experiment trains
the teacher and makes the pipelines; a second one takes its teacher as it is and trains, for each pipeline, a network of the
teacher's kind on the labels alone, in Float32, as wide as fits into the pipeline's bytes. Figures are
of the test part; a ratio of skills is of that seed's teacher. Below each table stand the bars; one is met where every seed
reaches it.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import machine
from experiments import candidate, run, series
from figure_table import Figure, aligned, spread
from pipeline_cases import TEACHERS, Bar, Teacher

FIGURES = [
    Figure("kept", "kept", "{:.3f}"),
    Figure("equal", "equal", "{:.3f}"),
    Figure("agreement", "same class", "{:.3f}"),
    Figure("log_loss", "log loss", "{:+.4f}"),
    Figure("net", "net", "{:+.2%}"),
    Figure("bytes", "bytes", "{:.0f}"),
    Figure("smaller", "smaller", "{:.1f} ×"),
    Figure("p50", "p50 ns", "{:.0f}"),
    Figure("faster", "faster", "{:.1f} ×"),
]


def figures(candidate: dict, teacher: dict) -> dict[str, float | None]:
    """Skill over the teacher's, equal positions among rows where either trades, rows of the teacher's likeliest class,
    differences of log loss and net return, bytes and nanoseconds with their quotients."""
    test, latency = candidate["test"], candidate["latency_ns"]["p50"]
    return {
        "kept": test["skill"] / teacher["test"]["skill"] if teacher["test"]["skill"] > 0 else None,
        "equal": test["flips"]["equal_positions"],
        "agreement": test["agreement"],
        "log_loss": test["log_loss"] - teacher["test"]["log_loss"],
        "net": test["net_return"] - teacher["test"]["net_return"],
        "bytes": candidate["bytes"],
        "smaller": teacher["bytes"] / candidate["bytes"],
        "p50": latency,
        "faster": teacher["latency_ns"]["p50"] / latency,
    }


def experiment(teacher: Teacher, data: str, candidates: dict[str, str], own: str | None = None) -> str:
    lines = [f"schema: 1\nname: pipelines\ndata: {data}\n{teacher.task}latency-decisions: 5000\n"]
    lines.append(f"model: {json.dumps(own)}\n" if own else f"teacher: {teacher.configuration}\n")
    lines.append("candidates:\n" + "".join(f"  - {{name: {name}, steps: [{steps}]}}\n" for name, steps in candidates.items()))
    return "".join(lines)


def one_seed(pare: str, teacher: Teacher, data: str, seed: int, folder: pathlib.Path) -> dict:
    """The teacher's results, and for each pipeline its figures and those of the network from scratch."""
    first = run(pare, experiment(teacher, data, teacher.pipelines), seed, folder)
    whole = candidate(first, "teacher")
    kept = folder / "teacher.pare"
    kept.write_bytes((folder / "run" / whole["artifact"]).read_bytes())
    scratch = {
        f"{name}-scratch": teacher.scratch(candidate(first, name)["bytes"], whole["bytes"], first["data"]) for name in teacher.pipelines}
    second = run(pare, experiment(teacher, data, scratch, own=str(kept)), seed, folder)
    return {
        "teacher": whole,
        "pipelines": {
            name: {
                "pipeline": figures(candidate(first, name), whole),
                "scratch": figures(candidate(second, f"{name}-scratch"), whole),
            } for name in teacher.pipelines},
    }


def table(runs: list[dict], is_simulated: bool) -> str:
    shown = [figure for figure in FIGURES if is_simulated or figure.key != "kept"]
    lines = [["", *(figure.title for figure in shown)]]
    for name in runs[0]["pipelines"]:
        for kind, title in [("pipeline", name), ("scratch", "  as many bytes, from scratch")]:
            spreads = [spread([run["pipelines"][name][kind][figure.key] for run in runs]) or (None, None, None) for figure in shown]
            lines.append([title, *(figure.text(median) for figure, (median, _, _) in zip(shown, spreads))])
            if len(runs) > 1:
                lines.append(["", *(
                    f"{figure.text(least)} … {figure.text(most)}" if least != most else "" for figure, (_, least, most) in zip(shown, spreads))])
    return aligned(lines)


def verdict(bar: Bar, runs: list[dict]) -> str:
    found = {key: spread([run["pipelines"][bar.pipeline]["pipeline"][key] for run in runs]) for key in bar.least}
    words = [f"{key} ≥ {least:g}" for key, least in bar.least.items()]
    if any(value is None for value in found.values()):
        return f"{bar.pipeline}: {', '.join(words)}: not measured"
    reached = [all(found[key][place] >= least for key, least in bar.least.items()) for place in (0, 1)]
    said = "met" if reached[1] else "met by the median" if reached[0] else "not met"
    return f"{bar.pipeline}: {', '.join(words)}: {said} ({', '.join(f'{key} {value[0]:.4g}, least {value[1]:.4g}' for key, value in found.items())})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the pare program")
    parser.add_argument("--teachers", default=",".join(TEACHERS), metavar="NAME,…", help="of %(default)s")
    parser.add_argument("--candles", type=pathlib.Path, metavar="FILE", help="candles to learn from as well, SYMBOL-….csv.gz")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--without-simulator", action="store_true", help="the candles alone")
    parser.add_argument("--candle-seeds", type=int, default=2, help="seeds on the candles (default: %(default)s)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    names = options.teachers.split(",")
    if unknown := [name for name in names if name not in TEACHERS]:
        parser.error(f"--teachers: no teacher '{unknown[0]}', only {', '.join(TEACHERS)}")
    if options.seeds < 1 or options.candle_seeds < 1:
        parser.error("--seeds, --candle-seeds: expected 1 or more")
    if options.without_simulator and not options.candles:
        parser.error("--without-simulator: expected candles")
    sources = {} if options.without_simulator else {"simulator": "{simulation: {symbols: 1, candles: 72000}}"}
    if options.candles:
        sources[options.candles.name] = series(options.candles)

    said, measured_on = {}, machine.description()
    for name in names:
        teacher = TEACHERS[name]
        for source, data in sources.items():
            runs, is_simulated = [], source == "simulator"
            seeds = options.seeds if is_simulated else options.candle_seeds
            with tempfile.TemporaryDirectory() as folder:
                for seed in range(1, seeds + 1):
                    runs.append(one_seed(options.pare, teacher, data, seed, pathlib.Path(folder)))
                    print(f"{name}, {source}: seed {seed} of {seeds}", file=sys.stderr, flush=True)
            wholes = [run["teacher"] for run in runs]
            skills = ", ".join(f"{whole['test']['skill']:.2%}" for whole in wholes)
            print(
                f"{teacher.words}; {source}, seeds 1 to {seeds}; {wholes[0]['bytes']} bytes, "
                f"p50 {wholes[0]['latency_ns']['p50']:.0f} ns, skill {skills}\n\n{table(runs, is_simulated)}\n")
            if is_simulated:
                for bar in teacher.bars:
                    print(verdict(bar, runs))
                print()
            said.setdefault(name, {})[source] = runs
    print(machine.line(measured_on))
    if options.json:
        options.json.write_text(json.dumps({"machine": measured_on, "teachers": said}, indent=1))


if __name__ == "__main__":
    main()
