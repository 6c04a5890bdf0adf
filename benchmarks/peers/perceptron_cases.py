"""Multilayer perceptrons in INT8 and in signs, from Float32 features to decision."""

import artifact_writer
import perceptrons
from decision_cases import Bench, Case
from pare_program import INT8
from speed_table import Bar, Row, duration


class Perceptron(Case):
    """INT8 against onnxruntime and against Pare's own Float32."""

    def __init__(self, bench: Bench, title: str, extents, limit: float, ratio: float, own_limit: float, iterations: int):
        super().__init__(bench)
        self.extents, self.limit, self.ratio, self.own_limit, self.iterations = extents, limit, ratio, own_limit, iterations
        self.whats = [f"MLP {title} INT8", f"MLP {title} INT8, against Pare's Float32"]
        name = "x".join(map(str, extents))
        self.onnx, self.plain, self.small = (self.folder / f"{name}{end}" for end in (".onnx", ".pare", "-int8.pare"))

    def prepare(self):
        perceptrons.export(self.extents, self.onnx)
        rows = perceptrons.rows(self.extents[0])
        self.pare.convert(self.onnx, self.plain)
        self.pare.compress(self.plain, rows, self.small, INT8)
        for path in (self.plain, self.small):
            perceptrons.decide_in(path)
        self.add_peers(self.onnx, rows, self.extents[0])
        self.reads["INT8"] = sum(before * after for before, after in zip(self.extents, self.extents[1:])), 0
        self.require_agreement(self.plain, "probabilities", 1e-5)
        self.require_agreement(self.small, "probabilities", 0.05)

    def round(self):
        self.time("INT8", self.small, self.iterations)
        self.time("Float32", self.plain, self.iterations)
        self.time_peers()
        self.time_reads()

    def rows(self):
        small, plain = self.p50("INT8"), self.p50("Float32")
        first = self.against_peer(Row(self.whats[0], small, self.p99("INT8")))
        first.note += f"; {self.floor('INT8')}"
        first.bars = [Bar("p50", small, self.limit), Bar("ratio", first.ratio, self.ratio)]
        # At most so many times its Float32; below 1 has to be below.
        own = Bar("of Float32", small / plain, self.own_limit, strict=self.own_limit == 1)
        return [first, Row(self.whats[1], small, self.p99("INT8"), f"Float32 {duration(plain)}", plain / small, bars=[own])]


class Signs(Case):
    """Layers of signs within, the first and the last in Float32, against INT8 of the same shape."""

    whats = ["MLP 20-128-64-32-3 of signs"]
    extents = (20, 128, 64, 32, 3)

    def prepare(self):
        self.signs, self.small = self.folder / "signs.pare", self.folder / "signs-int8.pare"
        artifact_writer.write(self.signs, perceptrons.binary_network(self.extents))
        artifact_writer.write(self.small, perceptrons.network(self.extents, "int8"))

    def round(self):
        self.time("signs", self.signs, 20_000)
        self.time("INT8", self.small, 20_000)

    def rows(self):
        signs, small = self.p50("signs"), self.p50("INT8")
        bars = [Bar("ratio", small / signs, 1, strict=True)]
        return [Row(self.whats[0], signs, self.p99("signs"), f"INT8 {duration(small)}", small / signs, bars=bars)]


def cases(bench: Bench):
    return [
        Perceptron(bench, "20-16-8-3", (20, 16, 8, 3), 100, 40, 1.1, 20_000),
        Perceptron(bench, "20-128-64-32-3", (20, 128, 64, 32, 3), 220, 25, 1, 20_000),
        Perceptron(bench, "20-8×512-3", (20, *[512] * 8, 3), 20_000, 3, 1, 1_000),
    ]
