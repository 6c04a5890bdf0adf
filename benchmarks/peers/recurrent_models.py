"""LSTMs of the shapes of STAC-ML's LSTM_A, B and C with random weights. Unaudited; not STAC's rules or data."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Shape:
    name: str
    steps: int
    features: int
    layers: int
    width: int
    rows: int  # windows that errors are measured over and ranges calibrated on
    share: float  # decisions timed, relative to those of LSTM_A

    @property
    def newest_row_weights(self) -> int:
        """Weights that the time from the newest row needs: each layer's with its input. Products with h are done before."""
        return 4 * self.width * (self.features + (self.layers - 1) * self.width)

    @property
    def weights(self) -> int:
        """Those of all products of the layers."""
        return self.newest_row_weights + 4 * self.width * self.width * self.layers


SHAPES = {
    "A": Shape("LSTM_A", 50, 100, 2, 100, 64, 1.0),
    "B": Shape("LSTM_B", 100, 250, 3, 200, 64, 0.1),
    "C": Shape("LSTM_C", 100, 500, 4, 1000, 8, 0.002),
}


class Stack(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.lstm = nn.LSTM(shape.features, shape.width, num_layers=shape.layers, batch_first=True)
        self.head = nn.Linear(shape.width, 1)

    def forward(self, window):
        outputs, _ = self.lstm(window)
        return self.head(outputs[:, -1])


def model(shape: Shape) -> Stack:
    torch.manual_seed(1)
    return Stack(shape).eval()


def windows(shape: Shape):
    return np.random.default_rng(2).normal(size=(shape.rows, shape.steps, shape.features)).astype(np.float32)


def export(network: Stack, shape: Shape, path):
    """`window` [batch, steps, features] to `y` [batch, 1], by PyTorch's exporter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.zeros(1, shape.steps, shape.features),), path, dynamo=False, opset_version=18,
            input_names=["window"], output_names=["y"], dynamic_axes={"window": {0: "batch"}, "y": {0: "batch"}})


def exact(network: Stack, given):
    """The outputs in Float64; the network is Float64 afterwards."""
    with torch.no_grad():
        return network.double()(torch.tensor(given).double()).numpy()


def snr(found, expected) -> float:
    """Signal to noise in dB, the outputs' mean removed."""
    found, expected = found.astype(np.float64).ravel(), expected.ravel()
    signal = np.sum((expected - expected.mean()) ** 2)
    difference = found - expected
    noise = np.sum((difference - difference.mean()) ** 2)
    return float(10 * np.log10(signal / max(noise, 1e-300)))
