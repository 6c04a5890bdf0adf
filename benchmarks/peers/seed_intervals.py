"""Means over seeds with a 95 % interval of Student's t, as the tables of the documents say them."""

import math
import statistics

# Two-sided 95 % quantiles of Student's t by degrees of freedom.
QUANTILES = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % interval; no width of a single value."""
    if len(values) < 2:
        return values[0], math.nan
    spread = statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values), QUANTILES.get(len(values) - 1, 1.96) * spread


def words(values: list[float], scale: float = 1, digits: int = 2) -> str:
    mean, half = interval([scale * value for value in values])
    return f"{mean:.{digits}f}" if math.isnan(half) else f"{mean:.{digits}f} ± {half:.{digits}f}"
