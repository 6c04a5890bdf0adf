import PareCompression
import PareTensor
import Testing

@Suite struct StreamingHistogramTests {
  static func histogram(_ batches: [[Float]]) throws -> StreamingHistogram {
    var histogram = StreamingHistogram()
    for batch in batches { _ = try batch.withUnsafeBufferPointer { try histogram.add($0, of: "x") } }
    return histogram
  }

  static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  @Test func quantilesAreWithinABinOfTheSortedNumbers() throws {
    let numbers = Self.numbers(20_000, seed: 1)
    let histogram = try Self.histogram([numbers])
    let sorted = numbers.sorted()
    // The width is the power of two that lets 4096 bins reach the largest magnitude: here 8 / 4096.
    let width = 8.0 / Double(StreamingHistogram.binsPerSide)
    for p in [0.001, 0.01, 0.25, 0.5, 0.9, 0.999] {
      let exact = Double(sorted[Int(p * 20_000)])
      #expect((histogram.quantile(p) - exact).magnitude <= width + 0.02 * (p < 0.01 || p > 0.99 ? 3 : 1))
    }
    #expect(histogram.minimum == Double(sorted[0]) && histogram.maximum == Double(sorted[19_999]))
    #expect(histogram.quantile(0) == histogram.minimum && histogram.quantile(1) == histogram.maximum)
  }

  @Test func theOrderOfTheNumbersDoesNotMatter() throws {
    let numbers = Self.numbers(1000, seed: 2) + [1e-6, 40, -3000, 0]
    let together = try Self.histogram([numbers])
    let reversed = try Self.histogram([numbers.reversed()])
    let apart = try Self.histogram(numbers.map { [$0] })
    for p in stride(from: 0.0, through: 1, by: 0.05) {
      #expect(together.quantile(p) == reversed.quantile(p) && together.quantile(p) == apart.quantile(p))
    }
  }

  @Test func theShareOutsideIsCounted() throws {
    let histogram = try Self.histogram([(0..<1000).map { Float($0) / 1000 }])
    #expect(histogram.share(outside: 0...1) == 0)
    #expect((histogram.share(outside: 0.1...0.8) - 0.3).magnitude < 0.002)
    #expect((histogram.share(outside: 2...3) - 1).magnitude < 0.002)
  }

  @Test func extremesAreHeld() throws {
    let histogram = try Self.histogram([[.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude]])
    #expect(histogram.minimum == -Double(Float.greatestFiniteMagnitude))
    #expect(histogram.quantile(0.5).isFinite)
    #expect(try Self.histogram([[]]).quantile(0.5) == 0)
    #expect(try Self.histogram([[0, 0]]).quantile(0.999) == 0)
    for bad in [Float.nan, .infinity] { #expect(throws: CompressionError.self) { try Self.histogram([[1, bad]]) } }
  }
}
