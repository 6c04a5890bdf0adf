"""Teachers, the pipelines that pare them down, and networks of a given number of bytes."""

import dataclasses
import math
from collections.abc import Callable

CLASSES = 3
# About as many sells and buys as holds on the simulator.
LABEL = "label: {kind: buy-hold-sell, horizon: 12, threshold-bp: 20}\n"
TUNING = "fine-tuning: {epochs: 12, batch-size: 512, learning-rate: 3e-4, hard-weight: 0.3, temperature: 4}"
INT8 = "{technique: quantization, precision: int8}"
INT8_STATES = "{technique: quantization, precision: int8, recurrent: integers}"


@dataclasses.dataclass(frozen=True)
class Bar:
    """What a pipeline has to reach on every seed, by figure."""
    pipeline: str
    least: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Teacher:
    words: str
    features: str
    """The features of a row, as experiments spell them; empty for the standard ones."""
    model: Callable[[int], str]
    """The network, as experiments spell it, of a width that the teacher's layers have."""
    weights: Callable[[int, int], int]
    """How many numbers such a network learns, by that width and the features of a candle."""
    width: int
    training: str
    scratch_training: str
    """The schedule of networks that are trained from scratch: one that suits small ones."""
    pipelines: dict[str, str]
    bars: list[Bar]

    @property
    def task(self) -> str:
        return LABEL + (f"features: {self.features}\n" if self.features else "")

    @property
    def configuration(self) -> str:
        return f"{{model: {self.model(self.width)}, training: {self.training}}}"

    def scratch(self, size: int, whole: int, data: dict) -> str:
        """A step that trains the widest network whose Float32 file has at most `size` bytes; `whole` is the teacher's file."""
        inputs = features_of(data)
        beside = whole - 4 * self.weights(self.width, inputs)
        width = max((w for w in range(1, self.width) if 4 * self.weights(w, inputs) + beside <= size), default=1)
        return f"{{technique: distillation, student: {self.model(width)}, temperature: 1, hard-weight: 1, training: {self.scratch_training}}}"


def features_of(data: dict) -> int:
    """The features of a candle: the columns of a row, or the last extent of windows, which results name by their shape."""
    names = data["features"]
    return int(names[0].rsplit(",", 1)[1].strip(" ]")) if len(names) == 1 and names[0].startswith("windows of") else len(names)


def perceptron(width: int, inputs: int) -> int:
    return (inputs + 1) * width + 2 * (width + 1) * width + (width + 1) * CLASSES


def lstm(width: int, inputs: int) -> int:
    return 4 * width * (inputs + width + 2) + (width + 1) * CLASSES


STEPS, KERNEL, STRIDE = 16, 3, 2


def convolutional(width: int, inputs: int) -> int:
    left, weights, channels = STEPS, 0, inputs
    for filters in (width, width, width):
        weights += filters * (channels * KERNEL + 1)
        left, channels = math.floor((left - KERNEL) / STRIDE) + 1, filters
    return weights + (channels * left + 1) * CLASSES


def structured(ratio: float, **settings: str) -> str:
    more = "".join(f", {key.replace('_', '-')}: {value}" for key, value in settings.items())
    return f"{{technique: structured-pruning, target: {{ratio: {ratio}}}, rounds: 3, mean-compensation: true{more}, {TUNING}}}"


def student(model: str) -> str:
    return (
        f"{{technique: distillation, student: {model}, temperature: 4, hard-weight: 0.3, "
        "training: {epochs: 60, batch-size: 512, learning-rate: 1e-3, patience: 10}}")


WINDOWS = f"{{window: {STEPS}, columns: [return(1), body, range-over-open, volume-ratio(20), volatility(10), average-ratio(20), time-of-day-sine, time-of-day-cosine]}}"
SEQUENCE_TRAINING = "{epochs: 20, batch-size: 512, learning-rate: 1e-3, weight-decay: 1, patience: 4}"

TEACHERS = {
    "mlp": Teacher(
        words="MLP 20-512-512-512-3", features="",
        model=lambda width: f"{{mlp: {{hidden: [{width}, {width}, {width}]}}}}", weights=perceptron, width=512,
        # Wide networks learn noise by heart unless they are held back more than small ones need.
        training="{epochs: 30, batch-size: 1024, learning-rate: 1e-4, weight-decay: 10, patience: 6}",
        scratch_training="{epochs: 60, batch-size: 1024, learning-rate: 3e-4, weight-decay: 3, patience: 10}",
        pipelines={
            "pruned-int8": f"{structured(0.7)}, {INT8}",
            "low-rank-int8": "{technique: low-rank, keep: {budget: 0.2}, weighting: activations, "
                f"{TUNING}}}, {INT8}",
            "pruned-shared": f"{{technique: pruning, sparsity: 0.9, rounds: 3, {TUNING}}}, {{technique: weight-sharing, bits: 5, {TUNING}}}",
            "pruned-more-int8": f"{structured(0.9)}, {INT8}",
            "student-int8": f"{student('{mlp: {hidden: [48, 32]}}')}, {INT8}",
        },
        bars=[
            Bar("pruned-int8", {"kept": 0.95, "smaller": 10, "faster": 5}),
            Bar("pruned-more-int8", {"kept": 0.85, "smaller": 50, "faster": 5}),
        ]),
    "lstm": Teacher(
        words="LSTM of 96 units over 16×8", features=WINDOWS,
        model=lambda width: f"{{lstm: {{hidden: [{width}]}}}}", weights=lstm, width=96, training=SEQUENCE_TRAINING,
        scratch_training=SEQUENCE_TRAINING,
        pipelines={
            "pruned-int8": f"{structured(0.7)}, {INT8_STATES}",
            "student-int8": f"{student('{lstm: {hidden: [24]}}')}, {INT8_STATES}",
        },
        bars=[Bar("pruned-int8", {"kept": 0.95, "smaller": 10, "faster": 5})]),
    "cnn": Teacher(
        words="CNN of three layers of 96 filters over 16×8", features=WINDOWS,
        model=lambda width: f"{{cnn: {{channels: [{width}, {width}, {width}], kernel: {KERNEL}, stride: {STRIDE}}}}}",
        weights=convolutional, width=96, training=SEQUENCE_TRAINING,
        scratch_training=SEQUENCE_TRAINING,
        pipelines={
            "pruned-int8": f"{structured(0.6)}, {INT8}",
            "student-int8": f"{student('{mlp: {hidden: [16, 16]}}')}, {INT8}",
        },
        bars=[Bar("pruned-int8", {"kept": 0.95, "smaller": 10, "faster": 5})]),
}
