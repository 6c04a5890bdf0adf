"""One network at one width: quantized by both, judged on fresh rows, timed by turns, and its export run in onnxruntime."""

import pathlib
from collections import defaultdict
from dataclasses import asdict

import numpy as np

import onnx_network
import quantizer_forms
import quantizer_models
from onnxruntime_peer import Peer
from pare_program import Pare
from quantized_exports import Difference, compare_layers, signal_to_noise

LAYER_ROWS = 32  # for the comparison layer by layer


class QuantizerCase:
    """`prepare` makes the models and their SNR, `round` times each form once, `export` compares the export."""

    def __init__(self, pare: Pare, kind: str, width: int, folder: pathlib.Path):
        self.pare, self.kind, self.width, self.folder = pare, kind, width, folder
        self.what = f"{kind} {width}"
        self.snr: dict[str, dict[str, dict[str, float]]] = {"pare": {}, "onnxruntime": {}}  # by side, form and setting
        self.times: dict[str, list[float]] = defaultdict(list)  # p50 in nanoseconds, a round each
        self.layers: list[tuple[str, Difference]] = []
        self.whole: Difference | None = None
        self.export_snr = float("nan")

    @property
    def is_recurrent(self) -> bool:
        return self.kind == "lstm"

    @property
    def fastest_form(self) -> str:
        """The form of Pare that is all integers where there is one."""
        return "integers" if self.is_recurrent else "static"

    def prepare(self):
        self.model = model = quantizer_models.train(self.kind, self.width, self.folder)
        self.plain = model.path.with_suffix(".pare")
        self.pare.convert(model.path, self.plain)
        kinds = ["static", "dynamic"] + (["integers"] if self.is_recurrent else [])
        self.ours = quantizer_forms.pare_forms(self.pare, model.path, model.calibration, kinds)
        theirs = quantizer_forms.onnxruntime_forms(model.path, model.calibration)
        self.expected = self.outputs(model.path)
        plain = signal_to_noise(self.expected, self.pare.predict(self.plain, model.test, "y"))
        if not plain > 80:
            raise RuntimeError(f"Float32: expected the same function on both sides, found {plain:.1f} dB")
        for form, settings in self.ours.items():
            self.snr["pare"][form] = {
                setting: signal_to_noise(self.expected, self.pare.predict(path, model.test, "y")) for setting, path in settings.items()}
        for form, settings in theirs.items():
            self.snr["onnxruntime"][form] = {
                setting: signal_to_noise(self.expected, self.outputs(path)) for setting, path in settings.items()}
        # Timed are the defaults, and onnxruntime's static form with the settings that are most accurate.
        static = self.snr["onnxruntime"]["static"]
        files = {
            "Float32": model.path, "static": next(iter(theirs["static"].values())),
            "static, best": theirs["static"][max(static, key=static.get)], "dynamic": next(iter(theirs["dynamic"].values()))}
        self.peers = {name: Peer(path) for name, path in files.items()}
        self.peers["one-op"] = Peer(onnx_network.one_operator(quantizer_models.FEATURES, 21))

    def outputs(self, path):
        """Of onnxruntime, a decision at a time: a dynamic range is a decision's own."""
        peer = Peer(path)
        return np.stack([peer.run(row) for row in self.model.test])

    def round(self):
        forms = {"Float32": self.plain} | {form: settings["default"] for form, settings in self.ours.items()}
        for name, path in forms.items():
            last = self.times.get(f"pare {name}", [1e5])[-1]
            entry = self.pare.bench([path], int(min(max(5e7 / last, 50), 20_000)))[0]
            self.times[f"pare {name}"].append(entry["latency_ns"]["p50"])
        for name, peer in self.peers.items():
            rows = self.model.test if name != "one-op" else self.model.test.reshape(-1, self.model.test.shape[-1])
            last = self.times.get(f"onnxruntime {name}", [1e5])[-1]
            self.times[f"onnxruntime {name}"].append(float(peer.time(rows, int(min(max(5e7 / last, 30), 5_000)))[0]))

    def export(self):
        artifact = self.ours["static"]["default"]
        exported = artifact.with_suffix(".export.onnx")
        self.pare.convert(artifact, exported)
        self.layers = compare_layers(self.pare, exported, self.model.test[:LAYER_ROWS])
        ours, theirs = self.pare.predict(artifact, self.model.test, "y"), self.outputs(exported)
        self.peers["export"] = Peer(exported)
        self.whole = Difference.of(ours, theirs, float(self.expected.max() - self.expected.min()) / 255)
        self.export_snr = signal_to_noise(ours, theirs)

    def p50(self, name: str) -> float:
        """The least of the rounds: neighbours on the machine only ever add."""
        return min(self.times[name])

    def best(self, side: str, form: str) -> tuple[str, float]:
        return max(self.snr[side][form].items(), key=lambda each: each[1])

    def default(self, side: str, form: str) -> float:
        return next(iter(self.snr[side][form].values()))

    def json(self) -> dict:
        return {
            "network": self.kind, "width": self.width, "training_steps": self.model.steps, "accuracy": self.model.accuracy,
            "snr_db": self.snr, "p50_ns": self.times,
            "export": {
                "layers": [{"layer": name} | asdict(difference) for name, difference in self.layers],
                "whole": asdict(self.whole) if self.whole else None, "snr_db": self.export_snr}}
