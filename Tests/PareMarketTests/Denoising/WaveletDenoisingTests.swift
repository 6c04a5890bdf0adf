import Foundation
import PareMarket
import Testing

@Suite struct WaveletDenoisingTests {
  private func denoised(_ values: [Double], _ wavelet: Wavelet, levels: Int) throws -> [Double] {
    try WaveletDenoising(wavelet, levels: levels, window: 512).applied(to: values)
  }

  @Test func tenValuesBecomeWhatPyWaveletsMakesOfThem() throws {
    let values: [Double] = [1, 2, 4, 3, 7, 5, 6, 2, 1, 0.5]
    let db2 = [
      1.58696404, 1.63051384, 3.36695199, 4.64978207, 5.47900409, 6.42977002, 3.70265937, 1.96103278, 1.20489026, 0.18468807,
    ]
    let haar = [2.5, 2.5, 2.5, 2.5, 5, 5, 5.40921718, 4.59078282, 0.75, 0.75]
    #expect(zip(try denoised(values, .db2, levels: 2), db2).allSatisfy { abs($0 - $1) < 5e-9 })
    #expect(zip(try denoised(values, .haar, levels: 2), haar).allSatisfy { abs($0 - $1) < 5e-9 })
  }

  @Test func wholeWindowsAreThoseOfPyWavelets() throws {
    #expect(PyWaveletsFigures.whole.count == 32)
    for (wavelet, levels, expected) in PyWaveletsFigures.whole {
      let window = PyWaveletsFigures.window(seed: 0, count: expected.count)
      let found = try denoised(window, wavelet, levels: levels)
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-10 }, "\(wavelet) \(levels) \(expected.count)")
    }
  }

  @Test func manyWindowsHaveTheFiguresOfPyWavelets() throws {
    #expect(PyWaveletsFigures.figures.count == 4 * 4 * 7)
    for (wavelet, levels, count, newest, size) in PyWaveletsFigures.figures {
      let results = try (0..<PyWaveletsFigures.windows).map {
        try denoised(PyWaveletsFigures.window(seed: UInt64($0), count: count), wavelet, levels: levels)
      }
      let windows = Double(results.count)
      let squares = results.joined().reduce(0) { $0 + $1 * $1 }
      #expect(abs(results.reduce(0) { $0 + $1[count - 1] } / windows - newest) < 1e-10, "\(wavelet) \(levels) \(count)")
      #expect(abs((squares / windows / Double(count)).squareRoot() - size) < 1e-10, "\(wavelet) \(levels) \(count)")
    }
  }

  @Test func aConstantStaysAndNoiseShrinks() throws {
    for wavelet in Wavelet.allCases {
      #expect(try denoised([Double](repeating: 3, count: 32), wavelet, levels: 2).allSatisfy { abs($0 - 3) < 1e-11 })
      let noise = PyWaveletsFigures.window(seed: 9, count: 64)
      let mean = noise.reduce(0, +) / 64
      let spread = { (values: [Double]) in values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
      #expect(try spread(denoised(noise, wavelet, levels: 3)) < spread(noise))
    }
  }

  @Test func boundsAreNamed() throws {
    let errors: [(String, () throws -> WaveletDenoising)] = [
      ("features.denoising.levels: expected 1 to 6, found 0", { try WaveletDenoising(.haar, levels: 0, window: 32) }),
      ("features.denoising.levels: expected 1 to 6, found 7", { try WaveletDenoising(.haar, levels: 7, window: 512) }),
      (
        "features.denoising.window: expected 28 to 512 candles for 2 levels of db4, found 27",
        { try WaveletDenoising(.db4, levels: 2, window: 27) }
      ),
      (
        "features.denoising.window: expected 4 to 512 candles for 2 levels of haar, found 513",
        { try WaveletDenoising(.haar, levels: 2, window: 513) }
      ),
      (
        "features.denoising.wavelet: expected one of haar, db2, db3, db4, found 'db5'",
        { try JSONDecoder().decode(WaveletDenoising.self, from: Data(#"{"wavelet":"db5","levels":2,"window":32}"#.utf8)) }
      ),
      (
        "features.denoising.window: expected 12 to 512 candles for 2 levels of db2, found 11",
        { try JSONDecoder().decode(WaveletDenoising.self, from: Data(#"{"wavelet":"db2","levels":2,"window":11}"#.utf8)) }
      ),
    ]
    for (message, make) in errors { #expect("\(try marketError { _ = try make() })" == message) }
    for (wavelet, least) in zip(Wavelet.allCases, [4, 12, 20, 28]) {
      #expect(try WaveletDenoising(wavelet, levels: 2, window: least).window == wavelet.leastCount(levels: 2))
    }
  }
}
