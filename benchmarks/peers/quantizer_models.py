"""Networks with layers of a given width, trained for some steps on a simulated market, as ONNX with rows to quantize by and to
judge by."""

import pathlib
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models import TransformerEncoder

FEATURES, STEPS = 20, 32


class MLP(nn.Sequential):
    """Three hidden layers over the features of one row."""

    def __init__(self, width):
        super().__init__(
            nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 3))


class CNN(nn.Module):
    """Three convolutions along time, the last with batch normalization."""

    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(FEATURES, width, 5, padding=2), nn.ReLU(), nn.Conv1d(width, width, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(width, width, 3, stride=2, padding=1), nn.BatchNorm1d(width), nn.ReLU())
        self.head = nn.Linear(width, 3)

    def forward(self, window):
        return self.head(self.body(window.transpose(1, 2)).mean(dim=2))


class LSTM(nn.Module):
    """One recurrent layer and two dense ones behind its last state."""

    def __init__(self, width):
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, width, batch_first=True)
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3))

    def forward(self, window):
        return self.head(self.lstm(window)[0][:, -1])


class Transformer(TransformerEncoder):
    """Two encoder layers of four heads, the outer width of the feed-forward parts twice the inner one."""

    def __init__(self, width):
        super().__init__(width, features=FEATURES, steps=STEPS, feed_forward=2 * width)


NETWORKS = {"mlp": MLP, "cnn": CNN, "lstm": LSTM, "transformer": Transformer}


class Market:
    """Windows of features with heavy tails, and what they foretell.

    Each feature is a first-order autoregression of Student-t shocks with four degrees of freedom, all of a window times its
    volatility, which is log-normal. They are standardized by the first draw's mean and deviation and clipped at five
    deviations, as Pare's normalizer does. The label is one of three classes of equal size, of a smooth function of the window's
    newer and older half, and noise.
    """

    def __init__(self, seed: int, steps: int):
        self.generator, self.steps = np.random.default_rng(seed), steps
        self.weights = self.generator.normal(size=(3, FEATURES)) / FEATURES**0.5
        self.mean, self.deviation, self.edges = 0, 1, None
        first = self.windows(8192)
        self.mean, self.deviation = first.mean((0, 1)), first.std((0, 1))
        self.edges = np.quantile(self.score(self.windows(8192)), [1 / 3, 2 / 3])

    def windows(self, count: int):
        noise = self.generator.standard_t(4, size=(count, self.steps, FEATURES))
        decay = np.linspace(0, 0.9, FEATURES)
        values = np.empty_like(noise)
        last = self.generator.standard_t(4, size=(count, FEATURES))
        for step in range(self.steps):
            last = values[:, step] = decay * last + (1 - decay**2) ** 0.5 * noise[:, step]
        values *= np.exp(0.5 * self.generator.normal(size=(count, 1, 1)))
        return np.clip((values - self.mean) / self.deviation, -5, 5).astype(np.float32)

    def score(self, windows):
        newer, older = windows[:, -max(self.steps // 2, 1):].mean(1), windows[:, :max(self.steps // 2, 1)].mean(1)
        first, second, third = (np.tanh(newer @ weight) for weight in self.weights)
        return first + second * third + 0.5 * np.tanh(older @ self.weights[0]) + 0.3 * self.generator.normal(size=len(windows))

    def rows(self, count: int):
        """Windows, of one step without its axis, and their classes."""
        windows = self.windows(count)
        return (windows[:, 0] if self.steps == 1 else windows), np.digitize(self.score(windows), self.edges)


@dataclass
class Trained:
    """A network as ONNX, and rows of its input: those that it is quantized by, and fresh ones."""

    path: pathlib.Path
    calibration: np.ndarray
    test: np.ndarray
    accuracy: float
    steps: int


def train(kind: str, width: int, folder: pathlib.Path) -> Trained:
    """Trains by Adam, fewer steps the wider a network over windows is; then writes ONNX."""
    # One thread: two that wait for each other crawl where cores are shared, and sums keep their order.
    torch.set_num_threads(1)
    torch.manual_seed(width)
    market = Market(seed=width, steps=1 if kind == "mlp" else STEPS)
    network = NETWORKS[kind](width)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    steps, batch = (200, 128) if kind == "mlp" else (9600 // width, 64)
    for _ in range(steps):
        rows, classes = market.rows(batch)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(torch.from_numpy(rows)), torch.from_numpy(classes)).backward()
        optimizer.step()
    network.eval()
    calibration, _ = market.rows(1024 if market.steps == 1 else 128)
    test, classes = market.rows(1024 if market.steps == 1 else 256)
    with torch.no_grad():
        accuracy = float((network(torch.from_numpy(test)).argmax(1).numpy() == classes).mean())
    path = folder / f"{kind}-{width}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.from_numpy(calibration),), path, dynamo=False, opset_version=18, input_names=["x"],
            output_names=["y"], dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
    return Trained(path, calibration, test, accuracy, steps)
