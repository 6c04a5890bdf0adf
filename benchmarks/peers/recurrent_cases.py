"""LSTMs of STAC-ML's shapes: from the newest row to the answer, and whole windows. Unaudited."""

import artifact
import artifact_writer
import recurrent_models
from decision_cases import Bench, Case
from pare_program import Refused
from quantized_recurrent import four_bits
from recurrent_models import SHAPES
from speed_table import Bar, Row


# Bytes a weight; of four bits, with a multiplier of a byte for 32.
BYTES = {"INT8": 1, "INT4": 0.5 + 1 / 32}


class Recurrent(Case):
    """The models of one shape, and onnxruntime on whole windows."""

    newest_iterations = 2_000

    def __init__(self, bench: Bench, shape: recurrent_models.Shape):
        super().__init__(bench)
        self.shape = shape
        self.snr: dict[str, float] = {}
        self.onnx, self.small, self.smaller = (
            self.folder / f"{shape.name}{end}" for end in (".onnx", "-int8.pare", "-int4.pare"))

    def prepare(self):
        windows = recurrent_models.windows(self.shape)
        recurrent_models.export(recurrent_models.model(self.shape), self.shape, self.onnx)
        self.pare.compress(self.onnx, windows, self.small)
        self.add_peers(self.onnx, windows, self.shape.features)
        self.measure_error("INT8", self.small)
        for form, width in BYTES.items():
            self.reads[form] = int(self.shape.newest_row_weights * width), 0

    def measure_error(self, form: str, path):
        """Signal to noise against onnxruntime's Float32, over some windows."""
        self.snr[form] = recurrent_models.snr(*self.outputs(path, "y", self.shape.rows))

    def prepare_four_bits(self):
        try:
            graph = artifact.read(self.small)
            four_bits(graph)
            artifact_writer.write(self.smaller, graph)
            self.measure_error("INT4", self.smaller)
        except Refused as refusal:
            self.failures["INT4"] = str(refusal)
            self.smaller.unlink(missing_ok=True)

    def round(self):
        self.time("INT8", self.small, self.newest_iterations, "window")
        if self.smaller.exists():
            self.time("INT4", self.smaller, self.newest_iterations, "window")
        self.time_peers()
        self.time_reads()

    def newest(self, what: str, form: str, limits) -> Row:
        """A row from the newest row to the answer, against onnxruntime's whole window; limits of p50 and p99."""
        if form in self.failures:
            return Row(what, failure=self.failures[form])
        row = self.against_peer(Row(what, self.p50(form), self.p99(form)))
        row.bars = [Bar(name, figure, limit, strict=name == "p99")
                    for name, figure, limit in zip(("p50", "p99"), (row.p50, row.p99), limits)]
        row.note += f"; {form} {self.snr[form]:.1f} dB; {self.floor(form)}"
        return row


class A(Recurrent):
    whats = ["LSTM_A windowed, newest row, INT8", "LSTM_A whole window of 50, INT8"]
    newest_iterations = 5_000

    def round(self):
        super().round()
        self.time("window", self.small, 300)

    def rows(self):
        newest = self.newest(self.whats[0], "INT8", (1_000, 1_500))
        newest.bars.append(Bar("ratio", newest.ratio, 150))
        whole = self.against_peer(Row(self.whats[1], self.p50("window"), self.p99("window")))
        whole.bars = [Bar("p50", whole.p50, 70_000), Bar("ratio", whole.ratio, 4)]
        return [newest, whole]


class B(Recurrent):
    whats = ["LSTM_B windowed, newest row, INT8", "LSTM_B windowed, newest row, INT4"]
    newest_iterations = 500

    def prepare(self):
        super().prepare()
        self.prepare_four_bits()

    def rows(self):
        small = self.newest(self.whats[0], "INT8", (5_500, 7_000))
        smaller = self.newest(self.whats[1], "INT4", ())
        if not smaller.failure:
            smaller.bars = [Bar("of INT8", smaller.p50 / small.p50, 1, strict=True)]
        return [small, smaller]


class C(Recurrent):
    """Against a read of as many bytes as the weights of the timed products have, in the same round.

    `prepare` goes through all weights, so that those of the timed products are not what the caches saw last; a read after
    one of as many bytes as the others have stands in the notes.
    """

    whats = ["LSTM_C windowed, newest row, INT8", "LSTM_C windowed, newest row, INT4"]
    newest_iterations = 20

    def prepare(self):
        super().prepare()
        self.prepare_four_bits()
        for form, width in BYTES.items():
            others = self.shape.weights - self.shape.newest_row_weights
            self.reads[f"{form} after others"] = int(self.shape.newest_row_weights * width), int(others * width)

    def rows(self):
        rows = []
        for what, form in zip(self.whats, BYTES):
            row = self.newest(what, form, ())
            if not row.failure:
                row.note = (
                    f"{row.ratio:.0f} × {row.against} for the whole window; {row.note}; after the other weights, "
                    + self.floor(f"{form} after others"))
                row.against = self.floor(form)
                row.ratio = row.less_one_op = None
                row.bars = [Bar("of the read", row.p50 / self.p50(f"read of {form}"), 1.5)]
            rows.append(row)
        return rows


def cases(bench: Bench):
    return [A(bench, SHAPES["A"]), B(bench, SHAPES["B"]), C(bench, SHAPES["C"])]
