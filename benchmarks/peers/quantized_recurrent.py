"""Four-bit weights for the integer LSTMs of an artifact: docs/integer-arithmetic.md, of `pare.QuantizedLSTM`."""

import ml_dtypes
import numpy as np

from artifact import Graph

W, R, INPUT, STATE, BLOCKS = 2, 3, 4, 7, 12  # Positions of inputs; three for each product: bias, multiplier, shift.


def four_bits(graph: Graph, block_size=32):
    """Rewrites every `pare.QuantizedLSTM` whose weights have eight bits.

    Each block of inputs of a row gets integers in −7 … 7 and a multiplier of eight bits; a row's unit becomes finer by what
    the multipliers take over, and its bias, multiplier and shift follow. The weights are rounded a second time, so that the
    error is somewhat greater than that of four bits from Float32.
    """
    for node in graph.nodes:
        if node.operator != "pare.QuantizedLSTM":
            continue
        node.inputs += [""] * (BLOCKS + 2 - len(node.inputs))
        node.attributes["block_size"] = block_size
        for position, (weights, first) in enumerate(((W, INPUT), (R, STATE))):
            integers, multipliers, unit = blocks(graph.parameters[node.inputs[weights]].astype(np.float64), block_size)
            graph.parameters[node.inputs[weights]] = integers.astype(ml_dtypes.int4)
            bias, multiplier, shift = (node.inputs[first + part] for part in range(3))
            factor = graph.parameters[multiplier] * 2.0 ** -graph.parameters[shift].astype(np.float64) * unit
            exponent = np.floor(np.log2(factor)).astype(np.int64)
            rounded = np.rint(factor * 2.0 ** (13 - exponent))
            carried = rounded == 1 << 14
            graph.parameters[bias] = np.rint(graph.parameters[bias] / unit).astype(np.int32)
            graph.parameters[multiplier] = np.where(carried, 1 << 13, rounded).astype(np.int32)
            graph.parameters[shift] = np.minimum(13 - exponent - carried, 63).astype(np.int32)
            name = f"{node.inputs[weights]}.block_multiplier"
            graph.parameters[name] = multipliers
            node.inputs[BLOCKS + position] = name


def blocks(weights, size):
    """Integers like `weights` [directions, rows, columns], multipliers of blocks, and the unit of each row's products."""
    directions, rows, columns = weights.shape
    count = -(-columns // size)
    padded = np.zeros((directions, rows, count * size))
    padded[..., :columns] = weights
    grouped = padded.reshape(directions, rows, count, size)
    steps = np.abs(grouped).max(axis=3) / 7
    unit = np.maximum(steps.max(axis=2), 1 / 7) / 255
    multipliers = np.clip(np.rint(steps / unit[..., None]), 1, 255)
    integers = np.clip(np.rint(grouped / (multipliers * unit[..., None])[..., None]), -7, 7)
    return integers.reshape(directions, rows, -1)[..., :columns].astype(np.int8), multipliers.astype(np.uint8), unit
