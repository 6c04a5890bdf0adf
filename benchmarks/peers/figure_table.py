"""Tables of figures over seeds."""

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a candidate: its key, its column's title, and how it is printed."""
    key: str
    title: str
    format: str

    def text(self, value: float | None) -> str:
        return "–" if value is None else self.format.format(value)


def spread(values: list[float | None]) -> tuple[float, float, float] | None:
    """Median, least and greatest over the seeds; None where a seed has no figure."""
    if not values or any(value is None for value in values):
        return None
    return statistics.median(values), min(values), max(values)


def aligned(lines: list[list[str]]) -> str:
    """Columns of equal width: the first to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)
