"""Times a training step (forward, backward, Adam) of six networks in Pare and in PyTorch, by turns in one run.

Pare trains what PyTorch exported, on the same rows. Figures are medians: of the steps of a round, then over the rounds.
Pare's step includes gathering the batch's rows; PyTorch's batches lie ready. `loss` is that of step 20 over one batch.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch
from torch import nn

BATCHES = 8


class Dense(nn.Module):
    def __init__(self, widths):
        super().__init__()
        layers = []
        for before, after in zip(widths, widths[1:]):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.body = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.body(x)


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(20, 64, num_layers=2, batch_first=True)
        self.head = nn.Linear(64, 3)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.head(y[:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(20, 64)
        layer = nn.TransformerEncoderLayer(64, 4, dim_feedforward=128, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(64, 3)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x)).mean(dim=1))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for index in range(4):
            layers += [nn.Conv1d(20 if index == 0 else 32, 32, 3, padding=1), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 3))

    def forward(self, x):
        return self.body(x)


# Name, network, shape of a row, batch, steps of a round, the ratio that is asked for.
CASES = [
    ("MLP 20-16-8-3", lambda: Dense([20, 16, 8, 3]), (20,), 32, 2000, 15),
    ("MLP 20-128-64-32-3", lambda: Dense([20, 128, 64, 32, 3]), (20,), 256, 400, 2.5),
    ("MLP 20-4x512-3", lambda: Dense([20, 512, 512, 512, 512, 3]), (20,), 256, 48, 1),
    ("LSTM 2x64, 50 steps of 20", LSTM, (50, 20), 64, 48, 1.5),
    ("Transformer 2x64, 4 heads, 50 steps", Transformer, (50, 20), 64, 24, 1.2),
    ("CNN 4x32, 100 steps of 20", CNN, (20, 100), 64, 48, 1.2),
]


def torch_steps(model, optimizer, batches, steps):
    """Times of steps in microseconds, and the loss of the last one."""
    times, loss = [], None
    for step in range(steps):
        x, y = batches[step % len(batches)]
        start = time.perf_counter_ns()
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        times.append((time.perf_counter_ns() - start) / 1000)
    return times, float(loss.detach())


def pare_train(program, folder, model, data, labels, batch, steps, threads):
    result = subprocess.run(
        [program, "train", model, "--data", data, "--labels", labels, "--steps", str(steps), "--batch-size", str(batch),
         "--optimizer", "adam", "--learning-rate", "0.001", "--threads", str(threads), "--json", "--quiet", "--output",
         f"{folder}/trained.pare"], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"pare train: {result.stderr.strip()}")
    return json.loads(result.stdout)


def case(name, network, shape, batch, steps, options, folder):
    torch.manual_seed(1)
    model = network()
    x, y = torch.randn(BATCHES * batch, *shape), torch.randint(0, 3, (BATCHES * batch,))
    path = f"{folder}/model.onnx"
    torch.onnx.export(
        model.train(), (x[:batch],), path, dynamo=False, opset_version=18, input_names=["x"], output_names=["logits"],
        dynamic_axes={"x": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False)
    for count, stem in ((BATCHES * batch, "all"), (batch, "one")):
        np.save(f"{folder}/{stem}-x.npy", x[:count].numpy())
        np.save(f"{folder}/{stem}-y.npy", y[:count].numpy())
    start = {key: value.clone() for key, value in model.state_dict().items()}
    batches = [(x[i * batch:(i + 1) * batch], y[i * batch:(i + 1) * batch]) for i in range(BATCHES)]

    def fresh(fused):
        model.load_state_dict(start)
        return torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)

    _, loss = torch_steps(model, fresh(False), batches[:1], 20)
    pare_loss = pare_train(options.pare, folder, path, f"x={folder}/one-x.npy", f"{folder}/one-y.npy", batch, 20, options.threads)
    rounds = {"pare": [], "torch": [], "fused": []}
    for _ in range(options.rounds):
        rounds["pare"].append(pare_train(
            options.pare, folder, path, f"x={folder}/all-x.npy", f"{folder}/all-y.npy", batch, steps, options.threads
        )["step_microseconds"])
        for key, fused in (("torch", False), ("fused", True)):
            optimizer = fresh(fused)
            torch_steps(model, optimizer, batches, max(4, steps // 10))
            rounds[key].append(statistics.median(torch_steps(model, optimizer, batches, steps)[0]))
    row = {key: statistics.median(values) for key, values in rounds.items()}
    row |= {"network": name, "batch": batch, "ratio": min(row["torch"], row["fused"]) / row["pare"],
            "loss": loss, "pare_loss": pare_loss["history"][19]["training_loss"]}
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-k", default="", help="only networks whose name holds this")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"PyTorch {torch.__version__}, {options.threads} thread(s), {options.rounds} rounds; µs a step")
    print("| network, batch | Pare | PyTorch, Adam | fused Adam | ratio to the faster | asked for | loss of step 20, Pare and PyTorch |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    rows = []
    for name, network, shape, batch, steps, bar in CASES:
        if options.k not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = case(name, network, shape, batch, steps, options, folder)
        rows.append(row | {"asked": bar})
        print(
            f"| {name}, {batch} | {row['pare']:.1f} | {row['torch']:.1f} | {row['fused']:.1f} | {row['ratio']:.1f} × | {bar} × "
            f"| {row['pare_loss']:.6f} {row['loss']:.6f} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    missed = [row["network"] for row in rows if row["ratio"] < row["asked"]]
    raise SystemExit(f"below what was asked for: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
