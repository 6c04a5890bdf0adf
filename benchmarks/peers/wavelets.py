"""Soft thresholding of wavelet details by PyWavelets: windows as they are, and figures over many seeded ones.

Prints Tests/PareMarketTests/Denoising/PyWaveletsFigures.swift, which the tests of PareMarket hold against Pare's own transform.
Windows come from SplitMix64 by additions and multiplications alone, so that both sides have the same bits.
"""

import warnings

import numpy
import pywt

from metrics import Draws

WAVELETS = ["haar", "db2", "db3", "db4"]
LEVELS = [1, 2, 3, 4]
WHOLE = [11, 16]
COUNTS = [7, 10, 31, 32, 33, 64, 101]
WINDOWS = 25


def window(seed, count):
    """A random walk under noise."""
    draws = Draws(seed)
    walk, values = 0.0, []
    for _ in range(count):
        walk = walk + 0.25 * draws.bell()
        values.append(walk + draws.bell())
    return numpy.array(values)


def denoised(values, wavelet, levels):
    approximation, *details = pywt.wavedec(values, wavelet, mode="symmetric", level=levels)
    sigma = numpy.median(numpy.abs(details[-1])) / 0.6745
    threshold = sigma * numpy.sqrt(2 * numpy.log(len(values)))
    shrunk = [pywt.threshold(detail, threshold, mode="soft") for detail in details]
    return pywt.waverec([approximation, *shrunk], wavelet, mode="symmetric")[: len(values)]


def figures(wavelet, levels, count):
    """Mean of the newest values, and root mean square of all, over seeded windows."""
    results = [denoised(window(seed, count), wavelet, levels) for seed in range(WINDOWS)]
    newest = sum(float(result[-1]) for result in results) / WINDOWS
    return newest, float(numpy.sqrt(numpy.mean(numpy.square(results))))


def main():
    # More levels than PyWavelets advises for short windows are wanted here.
    warnings.simplefilter("ignore")
    cases = [(wavelet, levels) for wavelet in WAVELETS for levels in LEVELS]
    print("import PareMarket\n")
    print(f"/// What PyWavelets {pywt.__version__} makes of the windows of `window(seed:count:)`; `benchmarks/wavelets` prints this file.")
    print("enum PyWaveletsFigures {")
    print(f"  /// Windows from seed 0 on that each of `figures` is over.\n  static let windows = {WINDOWS}\n")
    print("  /// The window of seed 0, denoised.")
    print("  static let whole: [(wavelet: Wavelet, levels: Int, values: [Double])] = [")
    for wavelet, levels in cases:
        for count in WHOLE:
            values = denoised(window(0, count), wavelet, levels)
            lines = [", ".join(f"{value:.12f}" for value in values[start : start + 7]) for start in range(0, count, 7)]
            print(f"    (.{wavelet}, {levels},\n      [\n        " + ",\n        ".join(lines) + ",\n      ]),")
    print("  ]\n")
    print("  /// The mean of the newest values, and the root mean square of all.")
    print("  static let figures: [(wavelet: Wavelet, levels: Int, count: Int, newest: Double, size: Double)] = [")
    for wavelet, levels in cases:
        for count in COUNTS:
            newest, size = figures(wavelet, levels, count)
            print(f"    (.{wavelet}, {levels}, {count}, {newest:.12f}, {size:.12f}),")
    print("  ]\n")
    print("""  /// A random walk under noise: SplitMix64 (Steele, Lea and Flood 2014), as `benchmarks/peers/wavelets.py` has it.
  static func window(seed: UInt64, count: Int) -> [Double] {
    var state = seed
    func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
    func bell() -> Double { uniform() + uniform() + uniform() + uniform() - 2 }
    var walk = 0.0
    return (0..<count).map { _ in
      walk += 0.25 * bell()
      return walk + bell()
    }
  }
}""")


if __name__ == "__main__":
    main()
