"""Figures of seeded random series, worked out with numpy by other means than Pare's.

The tests of PareBacktest hold what this prints (Tests/PareBacktestTests/Metrics/PeerFigures.swift). Series come from
SplitMix64 by additions and multiplications alone, so that both sides have the same bits.
"""

import itertools
import statistics

import numpy

DAYS_PER_YEAR = 365


class Draws:
    """SplitMix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return mixed ^ (mixed >> 31)

    def uniform(self):
        return (self.bits() >> 11) * 2.0**-53

    def bell(self):
        """Mean 0, variance 1/3: the sum of four uniforms."""
        return self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2


def persistent(seed, count, memory):
    draws = Draws(seed)
    values, last = [], 0.0
    for _ in range(count):
        last = memory * last + 0.01 * draws.bell()
        values.append(last + 0.0004)
    return numpy.array(values)


def returns_figures(seed, count, memory):
    days = persistent(seed, count, memory)
    market = persistent(seed + 1000, count, 0.0)
    equity = numpy.concatenate([[0], numpy.cumsum(days)])
    active = days - market
    ordered = numpy.sort(days)
    tail = 0.05 * count
    whole = int(tail)
    shortfall = (ordered[:whole].sum() + (tail - whole) * ordered[whole]) / tail
    return {
        "volatility": numpy.std(days, ddof=1) * DAYS_PER_YEAR**0.5,
        "sharpe": numpy.mean(days) / numpy.std(days, ddof=1) * DAYS_PER_YEAR**0.5,
        "sortino": numpy.mean(days) / numpy.sqrt(numpy.mean(numpy.clip(days, None, 0) ** 2)) * DAYS_PER_YEAR**0.5,
        "information": numpy.mean(active) / numpy.std(active, ddof=1) * DAYS_PER_YEAR**0.5,
        "cagr": numpy.exp(numpy.log1p(days.sum()) * DAYS_PER_YEAR / count) - 1,
        "max_drawdown": numpy.max(numpy.maximum.accumulate(equity) - equity),
        "var_95": -numpy.quantile(days, 0.05, method="inverted_cdf"),
        "cvar_95": -shortfall,
        "block": block_length(days),
        "probabilistic_sharpe": probabilistic(days, 0.0),
        "deflated_sharpe": deflated(days, [persistent(seed + trial, count, memory) for trial in range(7)], 40),
    }


def block_length(values):
    """Politis and White 2004 with Patton, Politis and White 2009, for the stationary bootstrap."""
    count = len(values)
    centred = values - values.mean()
    full = numpy.correlate(centred, centred, "full")[count - 1 :] / count
    quiet = max(5, int(numpy.log10(count)))
    farthest = int(numpy.ceil(numpy.sqrt(count))) + quiet
    small = numpy.abs(full / full[0]) < 2 * numpy.sqrt(numpy.log10(count) / count)
    last = next((lag for lag in range(farthest - quiet + 1) if small[lag + 1 : lag + quiet + 1].all()), None)
    reach = min(2 * max(last, 1) if last is not None else farthest, farthest)
    lags = numpy.arange(-reach, reach + 1)
    window = numpy.minimum(1, 2 * (1 - numpy.abs(lags) / reach))
    covariances = full[numpy.abs(lags)]
    slope = numpy.sum(window * numpy.abs(lags) * covariances)
    density = numpy.sum(window * covariances)
    length = (2 * slope**2 / (2 * density**2)) ** (1 / 3) * count ** (1 / 3)
    return min(max(length, 1), numpy.ceil(min(3 * numpy.sqrt(count), count / 3)))


def probabilistic(days, threshold):
    ratio = numpy.mean(days) / numpy.std(days, ddof=1)
    standard = (days - days.mean()) / numpy.std(days)
    skewness, kurtosis = numpy.mean(standard**3), numpy.mean(standard**4)
    spread = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2
    return statistics.NormalDist().cdf((ratio - threshold) * (len(days) - 1) ** 0.5 / spread**0.5)


def deflated(days, trials, evaluated):
    ratios = [numpy.mean(trial) / numpy.std(trial, ddof=1) for trial in trials]
    normal, gamma = statistics.NormalDist(), float(numpy.euler_gamma)
    greatest = (1 - gamma) * normal.inv_cdf(1 - 1 / evaluated) + gamma * normal.inv_cdf(1 - 1 / (evaluated * numpy.e))
    return probabilistic(days, statistics.stdev(ratios) * greatest)


def probabilities(seed, rows, classes):
    """Weights in 64ths over their sum, in Float32, and labels that lean towards the heaviest."""
    draws = Draws(seed)
    values, labels = [], []
    for _ in range(rows):
        weights = [1 + int(64 * draws.uniform()) for _ in range(classes)]
        values.append([numpy.float32(weight) / numpy.float32(sum(weights)) for weight in weights])
        heaviest = max(range(classes), key=lambda index: weights[index])
        labels.append(heaviest if draws.uniform() < 0.4 else int(classes * draws.uniform()))
    return numpy.array(values, dtype=numpy.float64), numpy.array(labels)


def score_figures(seed, rows, classes):
    values, labels = probabilities(seed, rows, classes)
    found = values.argmax(axis=1)
    one_hot = numpy.eye(classes)[labels]
    f1, recalls, areas = [], [], []
    for index in range(classes):
        hits = numpy.sum((found == index) & (labels == index))
        precision, recall = hits / numpy.sum(found == index), hits / numpy.sum(labels == index)
        f1.append(2 * precision * recall / (precision + recall))
        recalls.append(recall)
        above = values[labels == index, index][:, None] - values[labels != index, index][None, :]
        areas.append(numpy.mean((above > 0) + 0.5 * (above == 0)))
    confidence = values.max(axis=1)
    edges = numpy.linspace(0, 1, 16)
    calibration = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            calibration += inside.mean() * abs(confidence[inside].mean() - (found == labels)[inside].mean())
    return {
        "accuracy": numpy.mean(found == labels),
        "balanced_accuracy": numpy.mean(recalls),
        "log_loss": -numpy.mean(numpy.log(values[numpy.arange(rows), labels])),
        **{f"f1_{index}": value for index, value in enumerate(f1)},
        "auc": areas[1] if classes == 2 else numpy.mean(areas),
        "brier": numpy.mean(numpy.sum((values - one_hot) ** 2, axis=1)),
        "calibration_error": calibration,
    }


def ranks(values):
    return numpy.array([numpy.sum(values < value) + (numpy.sum(values == value) + 1) / 2 for value in values])


def panel_figures(seed, dates, symbols):
    draws = Draws(seed)
    ics, rank_ics = [], []
    for _ in range(dates):
        scores = numpy.array([float(int(8 * draws.uniform())) for _ in range(symbols)])
        gains = numpy.array([0.1 * score + draws.bell() for score in scores])
        ics.append(numpy.corrcoef(scores, gains)[0, 1])
        rank_ics.append(numpy.corrcoef(ranks(scores), ranks(gains))[0, 1])
    return {
        "ic": numpy.mean(ics),
        "rank_ic": numpy.mean(rank_ics),
        "icir": numpy.mean(ics) / numpy.std(ics, ddof=1),
        "rank_icir": numpy.mean(rank_ics) / numpy.std(rank_ics, ddof=1),
    }


def paired_figures(seed, seeds, days, lag, margin):
    """A student's daily coefficients beside its teacher's: Newey and West over days, Student over seeds, both together."""
    common = persistent(seed, days, 0.5)
    teacher = numpy.array([0.03 + common + persistent(seed + 1 + place, days, 0.0) for place in range(seeds)])
    student = numpy.array([0.9 * own + 2 * persistent(seed + 11 + place, days, 0.3) for place, own in enumerate(teacher)])
    ratio = student.mean() / teacher.mean()
    difference, error, freedom = two_way(student - teacher, lag)
    _, ratio_error, ratio_freedom = two_way((student - ratio * teacher) / teacher.mean(), lag)
    return {
        "difference": difference,
        "error": error,
        "freedom": freedom,
        "half_width": error * student_quantile(0.975, freedom),
        "p_difference": 2 * (1 - student_cumulative(abs(difference) / error, freedom)),
        "p_equivalence": 1 - student_cumulative((margin - abs(difference)) / error, freedom),
        "kept": ratio,
        "kept_half_width": ratio_error * student_quantile(0.975, ratio_freedom),
    }


def two_way(values, lag):
    seeds, days = values.shape
    daily = values.mean(axis=0)
    centred = daily - daily.mean()
    # The same sum as a quadratic form: every pair of days by its distance.
    distances = numpy.abs(numpy.subtract.outer(numpy.arange(days), numpy.arange(days)))
    weights = numpy.clip(1 - distances / (lag + 1), 0, None)
    of_days = centred @ weights @ centred / days / (days - 1)
    of_seeds = numpy.var(values.mean(axis=1), ddof=1) / seeds
    freedom = min(1.5 * days / (lag + 1), days - 1)
    total = of_days + of_seeds
    return values.mean(), total**0.5, total**2 / (of_days**2 / freedom + of_seeds**2 / (seeds - 1))


def student_cumulative(value, freedom):
    """By integration over the angle: with t = sqrt(freedom) tan(angle) the density goes with cos(angle)^(freedom - 1)."""
    nodes, weights = numpy.polynomial.legendre.leggauss(400)

    def mass(to):
        return to / 2 * numpy.sum(weights * numpy.cos(to / 2 * (nodes + 1)) ** (freedom - 1))

    return 0.5 + 0.5 * mass(numpy.arctan(value / freedom**0.5)) / mass(numpy.pi / 2)


def student_quantile(share, freedom):
    low, high = 0.0, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if student_cumulative(middle, freedom) < share else (low, middle)
    return low


def show(title, figures):
    print(f"  static let {title}: [String: Double] = [")
    for name, value in figures.items():
        print(f'    "{name}": {float(value)!r},')
    print("  ]")


if __name__ == "__main__":
    show("independent", returns_figures(1, 900, 0.0))
    show("persistent", returns_figures(2, 1500, 0.6))
    show("reverting", returns_figures(3, 700, -0.4))
    show("twoClasses", score_figures(11, 600, 2))
    show("threeClasses", score_figures(12, 900, 3))
    show("panel", panel_figures(21, 120, 25))
    show("paired", paired_figures(40, 3, 300, 10, 0.005))
