"""Exports the networks of models.py by both of PyTorch's exporters, and models of scikit-learn, XGBoost, LightGBM and
Keras by their converters: NAME.EXPORTER.onnx with inputs NAME.npz in a folder.

    .venv/bin/python export_models.py OUT
"""

import os
import pathlib
import sys
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")
warnings.filterwarnings("ignore")

import numpy as np
import onnx
import torch

from models import NETWORKS

ROWS = 16


def torch_models(out):
    for name, network in NETWORKS.items():
        torch.manual_seed(1)
        model = network()
        example = {key: torch.randn(ROWS, *shape) for key, shape in network.inputs.items()}
        # Running statistics and biases away from where they start.
        model.train()
        with torch.no_grad():
            for _ in range(5):
                model(**{key: torch.randn_like(value) * 1.3 + 0.2 for key, value in example.items()})
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.02)
        model.eval()
        np.savez(out / f"{name}.npz", **{key: value.numpy() for key, value in example.items()})
        names = list(example)
        torch.onnx.export(
            model, tuple(example.values()), out / f"{name}.torchscript.onnx", dynamo=False, opset_version=18, input_names=names,
            output_names=["scores"], dynamic_axes={key: {0: "batch"} for key in names + ["scores"]})
        batch = torch.export.Dim("batch", min=1, max=4096)
        torch.onnx.export(
            model, tuple(example.values()), out / f"{name}.dynamo.onnx", dynamo=True, input_names=names, output_names=["scores"],
            dynamic_shapes=tuple({0: batch} for _ in names), external_data=False, verbose=False)
        print(name)


def table_models(out):
    from lightgbm import LGBMClassifier, LGBMRegressor
    from onnxmltools import convert_lightgbm, convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as MLFloatTensorType
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from xgboost import XGBClassifier, XGBRegressor

    generator = np.random.default_rng(1)
    x = generator.normal(size=(2000, 20)).astype(np.float32)
    signal = x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + 0.5 * generator.normal(size=2000)
    classes = np.digitize(signal, [-0.5, 0.5])
    rows = x[:ROWS * 4]
    initial = [("features", MLFloatTensorType([None, 20]))]

    mlp = make_pipeline(StandardScaler(), MLPClassifier((32, 16), max_iter=60, random_state=1)).fit(x, classes)
    models = {
        "sklearn-mlp.skl2onnx": to_onnx(mlp, x[:1]),
        "sklearn-mlp.skl2onnx-tensor": to_onnx(mlp, x[:1], options={id(mlp): {"zipmap": False}}),
        "xgboost-classifier.onnxmltools": convert_xgboost(XGBClassifier(n_estimators=60, max_depth=5).fit(x, classes), initial_types=initial),
        "xgboost-binary.onnxmltools": convert_xgboost(XGBClassifier(n_estimators=60, max_depth=5).fit(x, (classes > 1).astype(int)), initial_types=initial),
        "xgboost-regressor.onnxmltools": convert_xgboost(XGBRegressor(n_estimators=60, max_depth=5).fit(x, signal), initial_types=initial),
        "lightgbm-classifier.onnxmltools": convert_lightgbm(
            LGBMClassifier(n_estimators=60, verbose=-1).fit(x, classes), initial_types=initial),
        "lightgbm-binary.onnxmltools": convert_lightgbm(
            LGBMClassifier(n_estimators=60, verbose=-1).fit(x, (classes > 1).astype(int)), initial_types=initial),
        "lightgbm-regressor.onnxmltools": convert_lightgbm(LGBMRegressor(n_estimators=60, verbose=-1).fit(x, signal), initial_types=initial),
    }
    for name, model in models.items():
        (out / f"{name}.onnx").write_bytes(model.SerializeToString())
        np.savez(out / f"{name.split('.')[0]}.npz", **{model.graph.input[0].name: rows})
        print(name)


def keras_models(out):
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.layers.Input((30, 8)), keras.layers.Conv1D(16, 3, padding="causal", activation="relu"), keras.layers.LSTM(16),
        keras.layers.Dense(16, activation="gelu"), keras.layers.Dense(3, activation="softmax")])
    model(np.zeros((1, 30, 8), np.float32))
    model.export(str(out / "keras-conv-lstm.keras.onnx"), format="onnx", verbose=False)
    exported = onnx.load(out / "keras-conv-lstm.keras.onnx")
    window = np.random.default_rng(1).normal(size=(ROWS, 30, 8)).astype(np.float32)
    np.savez(out / "keras-conv-lstm.npz", **{exported.graph.input[0].name: window})
    print("keras-conv-lstm")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch_models(folder)
    table_models(folder)
    keras_models(folder)
