"""What the table of speeds measures: cases that prepare models, take turns with others, and yield rows."""

import functools
import json
import pathlib
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

import numpy as np

import native
import onnx_network
from onnxruntime_forms import forms
from onnxruntime_peer import Peer
from pare_program import Pare, latency
from speed_table import Row, duration


@dataclass
class Bench:
    pare: Pare
    folder: pathlib.Path

    @functools.cached_property
    def reader(self) -> pathlib.Path:
        """A program that reads buffers with the widest loads."""
        return native.build(self.folder / "read_bandwidth", ["read_bandwidth.c"])


class Case:
    """One model, or a few, with those that it is compared with.

    `prepare` makes them, `round` times each once, `rows` sums the rounds up. A case that cannot be prepared or run yields
    its rows with the reason.
    """

    whats: list[str] = []

    def __init__(self, bench: Bench):
        self.bench, self.pare, self.folder = bench, bench.pare, bench.folder
        self.figures: dict[str, list[tuple[float, float]]] = defaultdict(list)  # p50 and p99 by contestant, a round each
        self.peers: dict[str, Peer] = {}
        self.peer_rows, self.peer_counts = None, {}
        # Bytes of buffers to read in every round, and of others to read before each pass.
        self.reads: dict[str, tuple[int, int]] = {}
        self.failures: dict[str, str] = {}  # our contestants that do not run, and why
        self.missing_peers: dict[str, str] = {}  # the same of onnxruntime's forms

    def prepare(self):
        raise NotImplementedError

    def round(self):
        raise NotImplementedError

    def rows(self) -> list[Row]:
        raise NotImplementedError

    def time(self, name: str, path, iterations: int, mode: str = "decision") -> dict:
        """A contestant of ours, by `pare bench`."""
        entry = self.pare.bench([path], iterations, mode)[0]
        self.figures[name].append(latency(entry))
        return entry

    def add_peers(self, path: pathlib.Path, rows, one_op_width: int, wanted=None):
        """onnxruntime's forms of a Float32 model; `rows` are for ranges and for timing."""
        for form, made in forms(path, rows[:256], **({} if wanted is None else {"wanted": wanted})).items():
            if isinstance(made, str):
                self.missing_peers[form] = made
            else:
                self.peers[form] = Peer(made)
        self.peers["one-op"] = Peer(onnx_network.one_operator(one_op_width, 21))
        self.peer_rows = {name: rows for name in self.peers}
        self.peer_rows["one-op"] = rows.reshape(-1, rows.shape[-1])[:1024]
        for name, peer in self.peers.items():
            # As many runs as take a tenth of a second or so, 10 at least.
            estimate = peer.time(self.peer_rows[name], 5)[0]
            self.peer_counts[name] = int(min(max(1e8 / estimate, 10), 20_000))

    def outputs(self, path, output: str, count: int):
        """The output of a model of ours and that of onnxruntime's Float32 form, for the first `count` rows."""
        rows = self.peer_rows["fp32"][:count]
        return self.pare.predict(path, rows, output), np.stack([self.peers["fp32"].run(row) for row in rows])

    def require_agreement(self, path, output: str, bound: float):
        """What is timed has to be the same function: outputs within `bound` of the largest.
        """
        ours, theirs = self.outputs(path, output, 64)
        difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
        if not difference <= bound:
            raise RuntimeError(f"{path.name}: {output} differs from onnxruntime's by {difference:.1e}, more than {bound:g}")

    def time_peers(self):
        for name, peer in self.peers.items():
            self.figures[name].append(tuple(float(each) for each in peer.time(self.peer_rows[name], self.peer_counts[name])))

    def time_reads(self):
        """Passes over buffers as large as what is read for a decision: the floor that memory sets."""
        if self.reads:
            command = [str(self.bench.reader), "0.05", *(f"{bytes}+{others}" for bytes, others in self.reads.values())]
            passes = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for name, each in zip(self.reads, passes):
                self.figures[f"read of {name}"].append((1e9 * each["seconds"], 1e9 * each["seconds"]))

    def floor(self, name: str) -> str:
        bytes, nanoseconds = self.reads[name][0], self.p50(f"read of {name}")
        return f"read of {bytes / 1000:,.1f} KB, {duration(nanoseconds)} at {bytes / nanoseconds:.0f} GB/s"

    def p50(self, name: str) -> float:
        return median(each[0] for each in self.figures[name])

    def p99(self, name: str) -> float:
        return median(each[1] for each in self.figures[name])

    def fastest_peer(self) -> str:
        return min((name for name in self.peers if name != "one-op"), key=self.p50)

    def against_peer(self, row: Row) -> Row:
        """Fills in the comparison with the fastest form of onnxruntime."""
        form = self.fastest_peer()
        theirs = self.p50(form)
        row.against = f"onnxruntime {form} {duration(theirs)}"
        row.ratio, row.less_one_op = theirs / row.p50, (theirs - self.p50("one-op")) / row.p50
        row.note = "; ".join(
            [f"{name} {duration(self.p50(name))}" for name in self.peers]
            + [f"no {name}: {why}" for name, why in self.missing_peers.items()])
        return row
