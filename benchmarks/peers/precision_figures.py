"""What is read off the results of an experiment for each precision, and the bars it is held against."""

import dataclasses
import statistics

from figure_table import Figure, aligned, spread


# Signal to noise of the weights, the share of groups of weights below 15 dB, that of the outputs with each column's mean taken
# off, skill over the teacher's, accuracy over the teacher's, equal positions among rows where either trades, rows of the
# teacher's likeliest class, the difference of the net return, bytes of the file, and of its parameters.
FIGURES = [
    Figure("weights_db", "weights dB", "{:.1f}"),
    Figure("below_15_db", "< 15 dB", "{:.1%}"),
    Figure("outputs_db", "outputs dB", "{:.1f}"),
    Figure("kept", "kept", "{:.3f}"),
    Figure("accuracy", "accuracy", "{:.4f}"),
    Figure("equal", "equal", "{:.3f}"),
    Figure("agreement", "same class", "{:.3f}"),
    Figure("net", "net", "{:+.2%}"),
    Figure("bytes", "bytes", "{:.0f}"),
    Figure("weight_bytes", "weights", "{:.0f}"),
]


@dataclasses.dataclass(frozen=True)
class Bar:
    """What a figure has to reach on every seed."""
    candidate: str
    key: str
    least: float
    above: bool = False
    simulator_only: bool = False

    def reached(self, value: float) -> bool:
        return value > self.least if self.above else value >= self.least


BARS = [
    Bar("int8", "weights_db", 35, above=True),
    Bar("int8", "outputs_db", 30, above=True),
    Bar("int8", "accuracy", 0.99),
    Bar("int8", "equal", 0.9),
    Bar("int8", "kept", 0.98, simulator_only=True),
    Bar("int8-smooth", "outputs_db", 30, above=True),
    Bar("int8-mixed", "outputs_db", 30, above=True),
    Bar("int4", "weights_db", 15, above=True),
    Bar("int4-trained", "kept", 0.95, simulator_only=True),
    Bar("binary-trained", "kept", 0.75, simulator_only=True),
]


def figures(results: dict) -> dict[str, dict[str, float | None]]:
    """The figures of each candidate of a run, by name: of the test part, but noise, which steps measure on the validation part."""
    candidates = {candidate["name"]: candidate for candidate in results["candidates"]}
    teacher = candidates["teacher"]["test"]
    return {name: of(candidate, teacher) for name, candidate in candidates.items() if candidate["role"] == "candidate"}


def of(candidate: dict, teacher: dict) -> dict[str, float | None]:
    test = candidate["test"]
    step = (candidate.get("steps") or [{}])[-1]
    groups = [layer["figures"]["groups_below_15_db"] for layer in step.get("layers", []) if "groups_below_15_db" in layer["figures"]]
    return {
        "weights_db": (step.get("weight_error") or {}).get("snr_db"),
        "below_15_db": statistics.fmean(groups) if groups else None,
        "outputs_db": step.get("figures", {}).get("output_snr_db"),
        "kept": test["skill"] / teacher["skill"] if teacher["skill"] > 0 else None,
        "accuracy": test["accuracy"] / teacher["accuracy"],
        # A model that never trades has 0.
        "equal": test["flips"]["equal_positions"],
        "agreement": test["agreement"],
        "net": test["net_return"] - teacher["net_return"],
        "bytes": candidate["bytes"],
        "weight_bytes": candidate["weight_bytes"],
    }


def table(runs: list[dict[str, dict[str, float | None]]], is_simulated: bool) -> str:
    """Rows for each candidate: the median over the seeds, and below it the least and the greatest."""
    shown = [figure for figure in FIGURES if is_simulated or figure.key != "kept"]
    lines = [["", *(figure.title for figure in shown)]]
    for name in runs[0]:
        spreads = [spread([run[name][figure.key] for run in runs]) or (None, None, None) for figure in shown]
        lines.append([name, *(figure.text(median) for figure, (median, _, _) in zip(shown, spreads))])
        if len(runs) > 1:
            lines += [["", *(figure.text(s[end]) if s[1] != s[2] else "" for figure, s in zip(shown, spreads))] for end in (1, 2)]
    return aligned(lines)


def verdicts(runs: list[dict[str, dict[str, float | None]]], is_simulated: bool) -> list[dict]:
    """Each bar with what was reached: met on every seed, or by the median alone, or not."""
    formats = {figure.key: figure for figure in FIGURES}
    result = []
    for bar in BARS:
        if bar.candidate not in runs[0] or bar.simulator_only and not is_simulated:
            continue
        found, figure = spread([run[bar.candidate][bar.key] for run in runs]), formats[bar.key]
        if found is None:
            verdict = "not measured"
        else:
            verdict = "met" if bar.reached(found[1]) else "met by the median" if bar.reached(found[0]) else "not met"
        result.append({
            "candidate": bar.candidate, "figure": figure.title, "bar": ("> " if bar.above else "≥ ") + figure.text(bar.least),
            "found": None if found is None else dict(zip(("median", "least", "greatest"), found)), "verdict": verdict,
        })
    return result
