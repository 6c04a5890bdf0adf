"""The quantized forms of one Float32 model that Pare's quantizer and onnxruntime's make, by the same rows."""

import contextlib
import io
import logging
import pathlib

import numpy as np
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import machine
from onnxruntime_forms import Rows
from pare_program import Pare

# What `pare quantize --precision int8` is given besides, by form and setting; the first setting of a form is the default.
PARE = {
    "static": {
        "default": [], "mse": ["--method", "mse"], "gptq": ["--rounding", "gptq"],
        "gptq, mse": ["--rounding", "gptq", "--method", "mse"]},
    "dynamic": {
        "default": ["--mode", "dynamic"], "gptq": ["--mode", "dynamic", "--rounding", "gptq"],
        "gptq, bias": ["--mode", "dynamic", "--rounding", "gptq", "--bias-correction"]},
    "integers": {
        "default": ["--recurrent", "integers"], "gptq": ["--recurrent", "integers", "--rounding", "gptq"]},
}

# Of onnxruntime's static form: the calibrator, its options, and the operators that are quantized, None for all that it can.
PRODUCTS = ["MatMul", "Gemm", "Conv"]
STATIC = {
    "min-max": (CalibrationMethod.MinMax, {}, None),
    "percentile": (CalibrationMethod.Percentile, {"CalibPercentile": 99.99}, None),
    "min-max, products": (CalibrationMethod.MinMax, {}, PRODUCTS),
    "percentile, products": (CalibrationMethod.Percentile, {"CalibPercentile": 99.99}, PRODUCTS),
    "entropy, products": (CalibrationMethod.Entropy, {}, PRODUCTS),
}
DYNAMIC = {"per tensor": False, "per channel": True}


def has_vnni() -> bool:
    """Whether products of u8 by s8 are summed in 32 bits; elsewhere onnxruntime's saturate in 16, unless weights have 7 bits."""
    return any(flag in machine.description()["extensions"] for flag in ("avx512_vnni", "avx_vnni", "asimddp"))


def pare_forms(pare: Pare, path: pathlib.Path, rows, kinds) -> dict[str, dict[str, pathlib.Path]]:
    """For each form the file of each setting."""
    data = path.with_suffix(".rows.npy")
    np.save(data, rows)
    made = {}
    for kind in kinds:
        for setting, options in PARE[kind].items():
            output = path.with_suffix(f".{kind}.{setting.replace(', ', '-')}.pare")
            pare.run("quantize", path, "--precision", "int8", "--calibration", data, "--output", output, "--quiet", *options)
            made.setdefault(kind, {})[setting] = output
    return made


def onnxruntime_forms(path: pathlib.Path, rows) -> dict[str, dict[str, pathlib.Path]]:
    """The same of onnxruntime's tools, after the preparation that its documentation advises.

    Static: QuantizeLinear and DequantizeLinear, weights of 8 bits with a scale a channel, activations uint8. The first setting
    is what its documentation shows.
    """
    logging.getLogger().setLevel(logging.ERROR)
    prepared = path.with_suffix(".prepared.onnx")
    try:
        quant_pre_process(path, prepared)
    except Exception:  # Its symbolic shapes do not understand every exported reshape; its documentation says to leave them out.
        quant_pre_process(path, prepared, skip_symbolic_shape=True)
    narrow = not has_vnni()
    made = {"static": {}, "dynamic": {}}
    for setting, (method, extra, operators) in STATIC.items():
        output = path.with_suffix(f".static.{len(made['static'])}.onnx")
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static(
                prepared, output, Rows("x", rows), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=narrow,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=method, extra_options=extra,
                op_types_to_quantize=operators)
        made["static"][setting] = output
    for setting, per_channel in DYNAMIC.items():
        output = path.with_suffix(f".dynamic.{len(made['dynamic'])}.onnx")
        quantize_dynamic(prepared, output, weight_type=QuantType.QInt8, per_channel=per_channel, reduce_range=narrow)
        made["dynamic"][setting] = output
    return made
