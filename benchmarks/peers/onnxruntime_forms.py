"""The forms in which onnxruntime may run a Float32 model: as it is, quantized beforehand, quantized while it runs."""

import logging
import pathlib

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

FORMS = ("fp32", "int8 static", "int8 dynamic")


class Rows(CalibrationDataReader):
    def __init__(self, name, rows):
        self.rows = iter({name: row[None]} for row in rows)

    def get_next(self):
        return next(self.rows, None)


def forms(path: pathlib.Path, rows, wanted=FORMS) -> dict[str, pathlib.Path | str]:
    """A model file for each form that is wanted, beside the Float32 one; a text that says why where there is none.

    Static: QuantizeLinear and DequantizeLinear, weights per channel, ranges from `rows`. Both are onnxruntime's own tools
    with the settings that its documentation recommends for a processor with VNNI.
    """
    logging.getLogger().setLevel(logging.ERROR)  # They advise on pre-processing at every call.
    made = {"fp32": path}
    static, dynamic = path.with_suffix(".static.onnx"), path.with_suffix(".dynamic.onnx")
    name = onnx.load(path, load_external_data=False).graph.input[0].name
    makers = {
        "int8 static": lambda: quantize_static(
            path, static, Rows(name, rows), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8),
        "int8 dynamic": lambda: quantize_dynamic(path, dynamic, weight_type=QuantType.QInt8),
    }
    files = {"int8 static": static, "int8 dynamic": dynamic}
    for form, make in makers.items():
        if form in wanted:
            try:
                make()
                made[form] = files[form]
            except Exception as error:  # Whatever the tool raises: the form is left out and named.
                made[form] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return made
