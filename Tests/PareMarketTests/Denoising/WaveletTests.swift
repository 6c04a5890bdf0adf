import PareMarket
import PareTensor
import Testing

@Suite struct WaveletTests {
  @Test(arguments: Wavelet.allCases) func filtersAreOrthonormalToTheirEvenShifts(wavelet: Wavelet) {
    let (low, high) = (wavelet.scaling, wavelet.detail)
    #expect(low.count % 2 == 0 && high.count == low.count)
    #expect(abs(low.reduce(0, +) - 2.0.squareRoot()) < 1e-12)
    func product(_ one: [Double], _ other: [Double], shift: Int) -> Double {
      one.indices.reduce(0) { $0 + (other.indices.contains($1 - shift) ? one[$1] * other[$1 - shift] : 0) }
    }
    for shift in stride(from: 0, to: low.count, by: 2) {
      #expect(abs(product(low, low, shift: shift) - (shift == 0 ? 1 : 0)) < 1e-11)
      #expect(abs(product(high, high, shift: shift) - (shift == 0 ? 1 : 0)) < 1e-11)
      #expect(abs(product(low, high, shift: shift)) < 1e-11 && abs(product(high, low, shift: shift)) < 1e-11)
    }
    // As many moments of the wavelet vanish as it has pairs of taps: constants, lines, parabolas, cubics.
    for power in 0..<low.count / 2 {
      let moment = high.indices.reduce(0.0) { sum, tap in sum + (0..<power).reduce(high[tap]) { value, _ in value * Double(tap) } }
      #expect(abs(moment) < 1e-8, "\(wavelet) \(power)")
    }
  }

  @Test(arguments: Wavelet.allCases, 1...40) func aSignalOfAnyLengthComesBack(wavelet: Wavelet, count: Int) {
    let signal = PyWaveletsFigures.window(seed: UInt64(count), count: count)
    let (approximation, detail) = wavelet.analyzed(signal)
    #expect(approximation.count == (count + wavelet.scaling.count - 1) / 2 && detail.count == approximation.count)
    let back = wavelet.synthesized(approximation: approximation, detail: detail, count: count)
    #expect(zip(signal, back).allSatisfy { abs($0 - $1) < 1e-11 } && back.count == count)
  }

  @Test func haarHalvesSumsAndDifferences() {
    let (approximation, detail) = Wavelet.haar.analyzed([1, 3, 7, 3])
    let root = 2.0.squareRoot()
    #expect(zip(approximation, [4 / root, 10 / root]).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(zip(detail, [-2 / root, 4 / root]).allSatisfy { abs(abs($0) - abs($1)) < 1e-15 })
  }
}
