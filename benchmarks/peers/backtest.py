"""Decisions a second of Pare's backtests, of numpy and of a loop in Python, on the same candles and signals.

Every contestant starts with its columns in memory and ends with the net return; the nets are compared before anything is
printed. Figures are medians over the rounds, by the processor time of the process, since other programs may want the processor
as well; what Pare takes by the clock stands beside it.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np

import machine

RATE = 3 / 10_000
STOP, GOAL = 0.006, 0.009
BAR = 1_000_000
ROOT = pathlib.Path(__file__).resolve().parents[2]


def signals(count, seed):
    """Candles of a minute, and decisions of which a fifth trades and three quarters of those are right, so that money stays."""
    random = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(0.003 * random.standard_normal(count)))
    opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(0.0003 * random.standard_normal(count))
    highs = np.maximum(opens, closes) * (1 + 0.0012 * random.random(count))
    lows = np.minimum(opens, closes) * (1 - 0.0012 * random.random(count))
    times = 1_700_006_400_000.0 + 60_000 * np.arange(count)
    right = np.zeros(count)
    right[:-2] = np.sign(opens[2:] - opens[1:-1])
    side = np.where(random.random(count) < 0.75, right, -right)
    targets = np.where(random.random(count) < 0.2, side, 0.0)
    return [times, opens, highs, lows, closes, np.ones(count), targets]


def vectors(columns):
    """The plain walk without a loop, with the figures that need the whole curve: costs, days, Sharpe ratio, drawdown."""
    times, opens, targets = columns[0], columns[1], columns[6]
    held = targets[:-2]
    earned = held * (opens[2:] / opens[1:-1] - 1)
    paid = np.abs(np.diff(held, prepend=0.0)) * RATE
    paid[-1] += abs(held[-1]) * RATE
    net = earned - paid
    equity = np.cumsum(net)
    drawdown = np.max(np.maximum.accumulate(np.maximum(equity, 0)) - equity)
    days = (times[1:-1] // 86_400_000).astype(np.int64)
    daily = np.bincount(days - days[0], weights=net)
    sharpe = daily.mean() / daily.std(ddof=1) * 365**0.5 if len(daily) > 1 else None
    return equity[-1], drawdown, sharpe


def loop(columns):
    """The plain walk, as one writes it: net return and drawdown."""
    opens, targets = columns[1], columns[6]
    position = equity = peak = deepest = 0.0
    for candle in range(1, len(opens) - 1):
        target = targets[candle - 1]
        if target != position:
            equity -= abs(target - position) * RATE
            position = target
        if position:
            equity += position * (opens[candle + 1] / opens[candle] - 1)
        if equity > peak:
            peak = equity
        elif peak - equity > deepest:
            deepest = peak - equity
    return equity - abs(position) * RATE, deepest


def loop_with_stops(columns):
    """The same with a stop-loss and a take-profit at the open and within the candle."""
    _, opens, highs, lows, closes, _, targets = columns
    position = equity = peak = deepest = quantity = entry = barred = 0.0
    for candle in range(1, len(opens)):
        start = opens[candle]
        if position:
            equity += quantity * (start - closes[candle - 1])
        if equity > peak:
            peak = equity
        elif peak - equity > deepest:
            deepest = peak - equity
        if candle == len(opens) - 1:
            break
        if position > 0 and (start <= entry * (1 - STOP) or start >= entry * (1 + GOAL)):
            barred = 1.0
        elif position < 0 and (start >= entry * (1 + STOP) or start <= entry * (1 - GOAL)):
            barred = -1.0
        target = targets[candle - 1]
        if barred:
            if target * barred > 0:
                target = 0.0
            else:
                barred = 0.0
        if target != position:
            equity -= abs(target - position) * RATE
            entry = start
            position = target
        quantity = position / start
        if not position:
            continue
        side = 1.0 if position > 0 else -1.0
        stop, goal = entry * (1 - side * STOP), entry * (1 + side * GOAL)
        if (lows[candle] <= stop) if side > 0 else (highs[candle] >= stop):
            level = stop
        elif (highs[candle] >= goal) if side > 0 else (lows[candle] <= goal):
            level = goal
        else:
            equity += quantity * (closes[candle] - start)
            continue
        equity += quantity * (level - start) - abs(position) * RATE
        position, barred = 0.0, side
    return equity - abs(position) * RATE, deepest


def timed(body, sets, rounds):
    """Median seconds of the processor, and the sum of the nets."""
    seconds = []
    for _ in range(rounds):
        begun = time.process_time()
        net = sum(body(columns)[0] for columns in sets)
        seconds.append(time.process_time() - begun)
    return statistics.median(seconds), float(net)


def report(folder, rounds):
    environment = os.environ | {"PARE_BACKTEST_REPORT": str(folder), "PARE_BACKTEST_ROUNDS": str(rounds)}
    command = ["swift", "test", "-c", "release", "--skip-build", "--package-path", str(ROOT), "--filter", "ThroughputReport"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    path = folder / "report.json"
    if done.returncode or not path.exists():
        raise SystemExit(f"error: {' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(path.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=1_000_000, help="of one instrument, and of ten together")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pin", type=int, help="the one processor to run on")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.pin is not None:
        os.sched_setaffinity(0, {options.pin})

    one = [signals(options.decisions, 1)]
    ten = [signals(options.decisions // 10, 10 + seed) for seed in range(10)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        np.concatenate(one[0]).astype("<f8").tofile(folder / "one.f64")
        for index, columns in enumerate(ten):
            np.concatenate(columns).astype("<f8").tofile(folder / f"ten-{index}.f64")
        cases = report(folder, options.rounds)

    # A loop over a list is faster than one over an array.
    lists = {"one": [[column.tolist() for column in columns] for columns in one],
             "ten": [[column.tolist() for column in columns] for columns in ten]}
    peers = {
        "Backtest": (timed(vectors, one, options.rounds), timed(loop, lists["one"], options.rounds)),
        "PortfolioBacktest, 10 instruments": (timed(vectors, ten, options.rounds), timed(loop, lists["ten"], options.rounds)),
        "PortfolioBacktest, 1 instrument with stops": (None, timed(loop_with_stops, lists["one"], options.rounds)),
    }
    peers["PortfolioBacktest, 1 instrument"] = peers["Backtest"]

    print("| decisions a second, millions | Pare | by the clock | numpy | Python loop | bar of 1 | net return | greatest difference |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |")
    failed = False
    for case in cases:
        speed = case["decisions"] / statistics.median(case["seconds"])
        clock = case["decisions"] / statistics.median(case["wallSeconds"])
        vector, walk = peers[case["name"]]
        difference = max(abs(case["net"] - peer[1]) for peer in (vector, walk) if peer)
        failed = failed or not difference <= 1e-9
        speeds = [f"{case['decisions'] / peer[0] / 1e6:.2f}" if peer else "" for peer in (vector, walk)]
        print(
            f"| {case['name']} | {speed / 1e6:.1f} | {clock / 1e6:.1f} | {speeds[0]} | {speeds[1]} | {'met' if speed >= BAR else 'missed'} | "
            f"{case['net']:.6f} | {difference:.1e} |")
        case["peers"] = {"numpy": vector, "loop": walk}
    print(f"\n{machine.line(machine.description())}")
    if options.json:
        options.json.write_text(json.dumps({"cases": cases, "machine": machine.description()}, indent=1))
    if failed:
        raise SystemExit("error: net returns differ by more than 1e-9")


if __name__ == "__main__":
    main()
