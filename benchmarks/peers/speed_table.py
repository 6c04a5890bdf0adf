"""Rows of the table of speeds: what was measured, what it has to be, and whether it is."""

from dataclasses import dataclass, field


@dataclass
class Bar:
    """A figure and the limit it is held to; a ratio has to reach its limit, anything else must not pass it."""

    what: str  # "p50", "p99", "ratio", "of the floor", …
    figure: float
    limit: float
    strict: bool = False

    @property
    def is_ratio(self) -> bool:
        return self.what == "ratio"

    @property
    def is_met(self) -> bool:
        if self.figure == self.limit:
            return not self.strict
        # Not by negation: what is not a number meets nothing.
        return self.figure > self.limit if self.is_ratio else self.figure < self.limit

    @property
    def text(self) -> str:
        sign = (">" if self.strict else "≥") if self.is_ratio else ("<" if self.strict else "≤")
        if self.what in ("p50", "p99"):
            return f"{self.what} {sign} {duration(self.limit)}"
        return f"{sign} {self.limit:g} ×" + ("" if self.is_ratio else f" {self.what}")


@dataclass
class Row:
    """One row; times in nanoseconds."""

    what: str
    p50: float | None = None
    p99: float | None = None
    against: str = ""
    ratio: float | None = None
    less_one_op: float | None = None
    bars: list[Bar] = field(default_factory=list)
    note: str = ""
    failure: str = ""  # Why the row has no figures.

    @property
    def verdict(self) -> str:
        if self.failure:
            return f"did not run: {self.failure}"
        if not self.bars:
            return "–"
        missed = [bar for bar in self.bars if not bar.is_met]
        if not missed:
            return "yes"
        return "no: " + ", ".join(
            f"{bar.what} {duration(bar.figure)}" if bar.what in ("p50", "p99") else f"{bar.figure:.2f} ×" for bar in missed)

    def json(self) -> dict:
        return {
            "what": self.what, "p50_ns": self.p50, "p99_ns": self.p99, "against": self.against, "ratio": self.ratio,
            "ratio_less_one_op": self.less_one_op, "note": self.note, "failure": self.failure, "verdict": self.verdict,
            "bars": [{"what": bar.what, "figure": bar.figure, "limit": bar.limit, "met": bar.is_met} for bar in self.bars]}


def duration(nanoseconds: float) -> str:
    if nanoseconds < 1000:
        return f"{nanoseconds:.3g} ns" if nanoseconds < 100 else f"{nanoseconds:.0f} ns"
    return f"{nanoseconds / 1000:.4g} µs" if nanoseconds < 1e6 else f"{nanoseconds / 1000:,.0f} µs"


def table(rows: list[Row]) -> str:
    """Markdown."""
    optional = lambda value, form: "" if value is None else form(value)
    times = lambda value: f"{value:.1f} ×" if value < 100 else f"{value:.0f} ×"
    lines = [
        "| one decision | p50 | p99 | against | ratio | less one-op | bars | met |",
        "| --- | ---: | ---: | --- | ---: | ---: | --- | --- |"]
    for row in rows:
        cells = [
            row.what, optional(row.p50, duration), optional(row.p99, duration), row.against, optional(row.ratio, times),
            optional(row.less_one_op, times), "; ".join(bar.text for bar in row.bars), row.verdict]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
