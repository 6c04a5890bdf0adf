"""The tables of the comparison of quantizers, and whether each line is what it has to be."""

from quantizer_cases import QuantizerCase
from speed_table import duration


def table(header: list[str], rows: list[list[str]]) -> str:
    """Markdown; the first and the last column to the left."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 2) + ["---"], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def verdict(*bars: tuple[bool, str]) -> str:
    missed = [what for is_met, what in bars if not is_met]
    return "no: " + ", ".join(missed) if missed else "yes"


def figure(best: tuple[str, float], default: float) -> str:
    """The default's, and the best setting's where that is another."""
    setting, value = best
    return f"{default:.1f}" if value == default else f"{default:.1f}; {value:.1f} ({setting})"


# Forms of Pare and those of onnxruntime that they stand beside, with what each makes of an LSTM.
PAIRS = [
    ("static", "Float32", "static", "Float32"), ("dynamic", "Float32", "dynamic", "integers"),
    ("integers", "integers", "static", "Float32"), ("integers", "integers", "dynamic", "integers")]


def accuracy_rows(case: QuantizerCase) -> list[list[str]]:
    """A line for each pair; the best setting of one side has to be at least as high as that of the other."""
    rows = []
    for form, ours, other, theirs in PAIRS:
        if form in case.snr["pare"]:
            best, best_other = case.best("pare", form), case.best("onnxruntime", other)
            lstm = lambda kind: f", the LSTM in {kind}" if case.is_recurrent else ""
            rows.append([
                case.what, ("static" if form == "integers" else form) + lstm(ours), figure(best, case.default("pare", form)),
                other + lstm(theirs), figure(best_other, case.default("onnxruntime", other)),
                verdict((best[1] >= best_other[1], f"{best[1] - best_other[1]:.1f} dB"))])
    return rows


def accuracy(cases: list[QuantizerCase]) -> str:
    return table(
        ["output SNR in dB", "Pare's form", "Pare", "onnxruntime's form", "onnxruntime", "at least as high"],
        [row for case in cases for row in accuracy_rows(case)])


def speed(cases: list[QuantizerCase]) -> str:
    rows = []
    for case in cases:
        plain, small = case.p50("pare Float32"), case.p50(f"pare {case.fastest_form}")
        theirs = case.p50("onnxruntime Float32")
        forms = ("static", "static, best", "dynamic")
        rows.append([
            case.what, duration(plain), duration(small), f"{plain / small:.1f} ×", duration(theirs),
            *(f"{duration(case.p50(f'onnxruntime {form}'))}, {theirs / case.p50(f'onnxruntime {form}'):.1f} ×" for form in forms),
            verdict((small < plain, f"{small / plain:.2f} × Float32's"))])
    return table(
        ["p50", "Pare Float32", "Pare INT8", "faster", "onnxruntime Float32", "static", "static, most accurate", "dynamic", "INT8 faster"],
        rows)


def exports(cases: list[QuantizerCase]) -> str:
    rows = []
    for case in cases:
        worst = max(case.layers, key=lambda each: each[1].largest)[1]
        equal = min(difference.near for _, difference in case.layers)
        whole = case.whole
        bars = [(worst.largest <= 1.001, f"a layer differs by {worst.largest:.2f} steps")]
        if case.kind in ("mlp", "cnn"):
            bars += [(whole.near >= 0.99, f"{100 * whole.near:.1f} % equal"), (whole.largest <= 4, f"{whole.largest:.1f} steps")]
        else:
            bars.append((case.export_snr >= 30, f"{case.export_snr:.1f} dB"))
        rows.append([
            case.what, str(len(case.layers)), f"{worst.largest:.2f}", f"{100 * equal:.2f} %", f"{100 * whole.near:.2f} %",
            f"{100 * whole.same:.2f} %", f"{whole.largest:.2f}", f"{case.export_snr:.1f}", duration(case.p50("onnxruntime export")), verdict(*bars)])
    return table(
        ["Pare's export in onnxruntime", "layers", "most steps, a layer", "equal, least of layers", "whole: equal", "rounded to the same",
         "most steps", "SNR, dB", "p50 there", "as it has to be"], rows)
