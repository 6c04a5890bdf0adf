"""Ensembles of boosted trees: trained by XGBoost, or complete and random of the sizes of STAC-ML's. Unaudited."""

import pathlib
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def train(path: pathlib.Path, trees=250, depth=6, features=60, rows=20_000):
    """Trains a regressor by XGBoost on a made-up signal; writes it as ONNX to `path` and in XGBoost's form beside it."""
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from xgboost import XGBRegressor

    random = np.random.default_rng(1)
    x = random.normal(size=(rows, features)).astype(np.float32)
    y = x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + np.sin(3 * x[:, 3]) + 0.5 * random.normal(size=rows)
    model = XGBRegressor(n_estimators=trees, max_depth=depth, learning_rate=0.1, n_jobs=1).fit(x, y)
    converted = convert_xgboost(model, initial_types=[("features", FloatTensorType([None, features]))])
    path.write_bytes(converted.SerializeToString())
    model.get_booster().save_model(path.with_suffix(".json"))


@dataclass(frozen=True)
class Ensemble:
    """Complete trees: `count` of 2^(depth + 1) − 1 nodes each, leaves among them."""

    name: str
    features: int
    count: int
    depth: int

    @property
    def nodes(self) -> int:
        return self.count * ((2 << self.depth) - 1)


# Features and nodes as STAC-ML has them (12 K, 512 K and 4 M); how the nodes make trees is ours.
SHAPES = {
    "A": Ensemble("GBT_A", 64, 94, 6),
    "B": Ensemble("GBT_B", 128, 1002, 8),
    "C": Ensemble("GBT_C", 1000, 1954, 10),
}


def rows(features, count=1024, seed=2):
    return np.random.default_rng(seed).uniform(-1, 1, (count, features)).astype(np.float32)


def normal_rows(features, count=1024, seed=3):
    """Rows like those that `train` draws."""
    return np.random.default_rng(seed).normal(size=(count, features)).astype(np.float32)


def write_random(ensemble: Ensemble, path: pathlib.Path):
    """Every node asks about a random feature whether it is at most a random number; ai.onnx.ml's TreeEnsemble 5."""
    random = np.random.default_rng(1)
    inner, leaves = (1 << ensemble.depth) - 1, 1 << ensemble.depth
    # Node i of a tree has the branches 2 i + 1 and 2 i + 2; those from `inner` on are leaves, numbered from there.
    branch = 2 * np.arange(inner) + 1
    is_leaf = branch >= inner
    first = np.arange(ensemble.count)[:, None]
    branches = [
        np.where(is_leaf, branch + side - inner + first * leaves, branch + side + first * inner).ravel() for side in (0, 1)]
    split = lambda count: random.uniform(-1, 1, count).astype(np.float32)
    nodes, all_leaves = ensemble.count * inner, ensemble.count * leaves
    lasts = np.tile(is_leaf.astype(np.int64), ensemble.count).tolist()
    node = helper.make_node(
        "TreeEnsemble", ["features"], ["y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=1, post_transform=0,
        tree_roots=(np.arange(ensemble.count) * inner).tolist(),
        nodes_featureids=random.integers(ensemble.features, size=nodes).tolist(),
        nodes_splits=numpy_helper.from_array(split(nodes)), nodes_modes=numpy_helper.from_array(np.zeros(nodes, np.uint8)),
        nodes_truenodeids=branches[0].tolist(), nodes_falsenodeids=branches[1].tolist(), nodes_trueleafs=lasts,
        nodes_falseleafs=lasts, leaf_targetids=[0] * all_leaves, leaf_weights=numpy_helper.from_array(split(all_leaves)))
    value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph([node], ensemble.name, [value("features", ensemble.features)], [value("y", 1)])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
