"""Networks as trading desks train them, for the comparison of Pare with onnxruntime (compare_models.py)."""

import math

import torch
from torch import nn
import torch.nn.functional as F


class BatchNormMLP(nn.Module):
    """20 features, two hidden layers with batch normalization."""

    inputs = {"features": (20,)}

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))

    def forward(self, features):
        return self.body(features)


class ConvNet1D(nn.Module):
    """100 steps of 20 features."""

    inputs = {"window": (20, 100)}

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(20, 32, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(32, 32, 3, padding=1, stride=2), nn.BatchNorm1d(32), nn.GELU(),
            nn.Conv1d(32, 32, 3, dilation=2, groups=4), nn.SiLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 3))

    def forward(self, window):
        return self.body(window)


class DeepLOB(nn.Module):
    """Convolutions over the levels of an order book, an inception block, an LSTM (after Zhang, Zohren and Roberts 2019,
    arXiv:1808.03668, made small)."""

    inputs = {"book": (1, 50, 40)}

    def __init__(self, channels=8, hidden=16):
        super().__init__()

        def block(inputs, across):
            return nn.Sequential(
                nn.Conv2d(inputs, channels, across, stride=(1, across[1]) if across[1] == 2 else 1), nn.LeakyReLU(0.01),
                nn.Conv2d(channels, channels, (4, 1), padding="same"), nn.BatchNorm2d(channels), nn.LeakyReLU(0.01))

        self.levels = nn.Sequential(block(1, (1, 2)), block(channels, (1, 2)), block(channels, (1, 10)))
        self.short = nn.Sequential(nn.Conv2d(channels, hidden, (1, 1)), nn.Conv2d(hidden, hidden, (3, 1), padding=(1, 0)), nn.LeakyReLU(0.01))
        self.long = nn.Sequential(nn.Conv2d(channels, hidden, (1, 1)), nn.Conv2d(hidden, hidden, (5, 1), padding=(2, 0)), nn.LeakyReLU(0.01))
        self.pool = nn.Sequential(nn.MaxPool2d((3, 1), stride=1, padding=(1, 0)), nn.Conv2d(channels, hidden, (1, 1)), nn.LeakyReLU(0.01))
        self.lstm = nn.LSTM(3 * hidden, 32, batch_first=True)
        self.head = nn.Linear(32, 3)

    def forward(self, book):
        x = self.levels(book)
        x = torch.cat([self.short(x), self.long(x), self.pool(x)], dim=1)
        x = x.squeeze(3).permute(0, 2, 1)
        y, _ = self.lstm(x)
        return self.head(y[:, -1])


class BidirectionalLSTM(nn.Module):
    """Two layers, both ways."""

    inputs = {"window": (50, 20)}

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(20, 32, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(64, 3)

    def forward(self, window):
        y, _ = self.lstm(window)
        return self.head(y[:, -1])


class GRUNet(nn.Module):
    inputs = {"window": (50, 20)}

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(20, 48, num_layers=2, batch_first=True)
        self.head = nn.Linear(48, 3)

    def forward(self, window):
        _, h = self.gru(window)
        return self.head(h[-1])


class LSTMWithAttention(nn.Module):
    """An LSTM whose outputs are weighted by a learned score."""

    inputs = {"window": (50, 40)}

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(40, 32, batch_first=True)
        self.score = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
        self.head = nn.Linear(32, 3)

    def forward(self, window):
        y, _ = self.lstm(window)
        weights = torch.softmax(self.score(y), dim=1)
        return self.head((weights * y).sum(dim=1))


class TransformerEncoder(nn.Module):
    inputs = {"window": (50, 20)}

    def __init__(self, width=64, features=20, steps=50, feed_forward=128):
        super().__init__()
        self.embed = nn.Linear(features, width)
        position = torch.arange(steps).unsqueeze(1)
        frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        table = torch.zeros(1, steps, width)
        table[0, :, 0::2] = torch.sin(position * frequency)
        table[0, :, 1::2] = torch.cos(position * frequency)
        self.register_buffer("table", table)
        layer = nn.TransformerEncoderLayer(width, 4, dim_feedforward=feed_forward, dropout=0.1, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, 3)

    def forward(self, window):
        x = self.encoder(self.embed(window) + self.table)
        return self.head(x.mean(dim=1))


class TCN(nn.Module):
    """Causal, dilated convolutions with residual sums (Bai, Kolter and Koltun 2018, arXiv:1803.01271)."""

    inputs = {"window": (20, 64)}

    def __init__(self, channels=32):
        super().__init__()
        self.first = nn.ModuleList([nn.Conv1d(20 if i == 0 else channels, channels, 3, dilation=2**i) for i in range(4)])
        self.second = nn.ModuleList([nn.Conv1d(channels, channels, 3, dilation=2**i) for i in range(4)])
        self.shortcut = nn.Conv1d(20, channels, 1)
        self.head = nn.Linear(channels, 3)

    def forward(self, window):
        x = window
        for level, (first, second) in enumerate(zip(self.first, self.second)):
            pad = 2 * 2**level
            y = F.relu(first(F.pad(x, (pad, 0))))
            y = F.relu(second(F.pad(y, (pad, 0))))
            x = F.relu(y + (self.shortcut(x) if level == 0 else x))
        return self.head(x[:, :, -1])


class GraphAttention(nn.Module):
    """Attention of 30 symbols over each other along given edges (Veličković et al. 2018, arXiv:1710.10903)."""

    inputs = {"symbols": (30, 16)}

    def __init__(self, symbols=30, width=16, heads=4):
        super().__init__()
        self.heads, self.width = heads, width
        self.project = nn.Linear(16, heads * width, bias=False)
        self.source = nn.Parameter(torch.randn(heads, width) * 0.3)
        self.target = nn.Parameter(torch.randn(heads, width) * 0.3)
        generator = torch.Generator().manual_seed(7)
        edges = torch.rand(symbols, symbols, generator=generator) < 0.3
        edges.fill_diagonal_(True)
        self.register_buffer("edges", edges)
        self.norm = nn.LayerNorm(heads * width)
        self.head = nn.Linear(heads * width, 1)

    def forward(self, symbols):
        batch, count, features = symbols.shape
        z = self.project(symbols.reshape(batch * count, features)).reshape(batch, count, self.heads, self.width)
        source = torch.einsum("bnhw,hw->bhn", z, self.source)
        target = torch.einsum("bnhw,hw->bhn", z, self.target)
        scores = F.leaky_relu(source.unsqueeze(-1) + target.unsqueeze(-2), 0.2)
        scores = scores.masked_fill(~self.edges, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        mixed = torch.matmul(weights, z.permute(0, 2, 1, 3)).permute(0, 2, 1, 3).reshape(batch, count, -1)
        return self.head(self.norm(F.elu(mixed))).squeeze(-1)


NETWORKS = {
    "mlp-batch-norm": BatchNormMLP,
    "cnn-1d": ConvNet1D,
    "deeplob": DeepLOB,
    "bidirectional-lstm": BidirectionalLSTM,
    "gru": GRUNet,
    "lstm-attention": LSTMWithAttention,
    "transformer": TransformerEncoder,
    "tcn": TCN,
    "graph-attention": GraphAttention,
}
