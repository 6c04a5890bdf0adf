"""Trains an LSTM in PyTorch on windows of its own and writes what `pare run experiment.yaml` takes:
model.onnx, windows.npz and labels.npz beside this file, and candles.csv.gz, a copy of the candles.

    benchmarks/peers/.venv/bin/python examples/own-model/train_lstm.py BTCUSDT-5m.csv.gz

A window is the last 30 candles, each of 40 numbers that are known at its close. What is fitted (the scale of the numbers,
the weights) sees the first 60 % of the time alone, as Pare's training part does.
"""

import pathlib
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch
from torch import nn

STEPS, EVERY, HORIZON, THRESHOLD = 30, 3, 12, 15e-4
LAGS = [1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 96, 144]


def shifted(values, by):
    """The value so many candles ago; the first one where there is none."""
    return np.concatenate([np.repeat(values[:1], by), values[:-by]]) if by else values


def average(values, span):
    """Exponential, over what has been."""
    weight, result, state = 2 / (span + 1), np.empty_like(values), values[0]
    for index, value in enumerate(values):
        state += weight * (value - state)
        result[index] = state
    return result


def features(candles):
    """[candles, 40], each row from its own candle and those before it."""
    open_, high, low, close, volume = (candles[:, column] for column in range(1, 6))
    log = np.log(close)
    step = log - shifted(log, 1)
    columns = [log - shifted(log, lag) for lag in LAGS]
    columns += [np.sqrt(average(step**2, span)) for span in (6, 12, 24, 48, 96, 288)]
    columns += [log - average(log, span) for span in (6, 12, 24, 48, 96, 288)]
    columns += [(close - open_) / open_, (high - low) / open_, (high - np.maximum(open_, close)) / open_, (np.minimum(open_, close) - low) / open_]
    turnover = np.log1p(volume)
    columns += [turnover - average(turnover, span) for span in (6, 24, 96, 288)]
    moment = 2 * np.pi * (candles[:, 0] / 86_400_000 % 1)
    columns += [np.sin(moment), np.cos(moment), np.sin(2 * moment), np.cos(2 * moment)]
    columns += [np.sign(step) * np.abs(step) ** 0.5, average(step, 4)]
    return np.stack(columns, axis=1).astype(np.float32)


class Network(nn.Module):
    """Classes sell, hold, buy."""

    def __init__(self, center, scale):
        super().__init__()
        self.register_buffer("center", center)
        self.register_buffer("scale", scale)
        self.lstm = nn.LSTM(40, 32, num_layers=2, batch_first=True)
        self.head = nn.Linear(32, 3)

    def forward(self, window):
        outputs, _ = self.lstm(torch.clamp((window - self.center) * self.scale, -5, 5))
        return self.head(outputs[:, -1])


def main():
    here = pathlib.Path(__file__).resolve().parent
    candles = np.genfromtxt(sys.argv[1], delimiter=",", skip_header=1, usecols=range(6))
    rows = features(candles)
    first = 288  # averages have settled
    ends = np.arange(first + STEPS - 1, len(candles), EVERY)
    windows = np.stack([rows[end - STEPS + 1 : end + 1] for end in ends])
    times = candles[ends, 0].astype(np.int64)
    forward = np.full(len(ends), np.nan)
    known = ends + HORIZON < len(candles)
    forward[known] = np.log(candles[ends[known] + HORIZON, 4] / candles[ends[known], 4])
    labels = np.where(np.isnan(forward), -1, np.where(forward > THRESHOLD, 2, np.where(forward < -THRESHOLD, 0, 1))).astype(np.int64)

    border = candles[0, 0] + 0.6 * (candles[-1, 0] - candles[0, 0])
    embargo = (HORIZON + STEPS) * 300_000
    train = np.flatnonzero((times < border - embargo) & (labels >= 0))
    fit, stop = train[: int(0.9 * len(train))], train[int(0.9 * len(train)) + (HORIZON + STEPS) // EVERY :]
    flat = windows[fit].reshape(-1, 40)
    torch.manual_seed(1)
    model = Network(torch.tensor(flat.mean(0)), torch.tensor(1 / np.maximum(flat.std(0), 1e-9)))
    x, y = torch.tensor(windows), torch.tensor(labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    best, kept = np.inf, None
    for epoch in range(6):
        model.train()
        order = fit[torch.randperm(len(fit)).numpy()]
        for start in range(0, len(order), 256):
            batch = order[start : start + 256]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = float(nn.functional.cross_entropy(model(x[stop]), y[stop]))
        print(f"epoch {epoch + 1}: loss {loss:.4f} on the last tenth of the training part")
        if loss < best:
            best, kept = loss, {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(kept)
    model.eval()
    torch.onnx.export(
        model, (x[:1],), here / "model.onnx", dynamo=False, opset_version=18, input_names=["window"], output_names=["scores"],
        dynamic_axes={"window": {0: "batch"}, "scores": {0: "batch"}})
    symbols = np.full(len(times), "BTCUSDT")
    np.savez(here / "windows.npz", time=times, symbol=symbols, windows=windows)
    np.savez(here / "labels.npz", time=times, symbol=symbols, labels=labels)
    shutil.copyfile(sys.argv[1], here / "candles.csv.gz")
    print(f"{len(windows)} windows of {STEPS} × 40; now: pare run {here / 'experiment.yaml'}")


if __name__ == "__main__":
    main()
