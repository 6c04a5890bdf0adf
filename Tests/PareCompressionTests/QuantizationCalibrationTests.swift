import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The ways in which ranges are chosen, and what is said of them.
@Suite struct QuantizationCalibrationTests {
  /// One input of a layer of two; the other is 0.
  static func figures(_ calibration: Calibration, _ numbers: [Float], _ more: [String: Tensor] = [:]) throws -> [String: Double] {
    let layer = OneLayer([1, 0.5], outputs: 1)
    var rows = try layer.rows(numbers.flatMap { [$0, 0] })
    for (name, tensor) in more { rows = try rows.with(name, tensor) }
    let result = try Quantization(.int8, calibration: calibration).compress(layer.model, in: CompressionContext(training: rows))
    return try #require(result.layers.first).figures
  }

  static func normal(_ count: Int, seed: UInt64 = 3) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  @Test func aMovingAverageForgetsTheFirstBatches() throws {
    // Batches of 64 rows reach 1, then 3: 0.5 · (0.5 · 1 + 0.5 · 3) + 0.5 · 3 = 2.5.
    let numbers = (0..<192).map { Float($0 < 64 ? 1 : 3) * ($0 % 2 == 0 ? 1 : 0.1) }
    let scale = try #require(Self.figures(.movingAverage(momentum: 0.5), numbers)["input_scale"])
    #expect((scale - 2.5 / 255).magnitude < 1e-7)
    #expect(try Self.figures(.movingAverage(momentum: 0), numbers)["input_scale"] == Self.figures(.minMax, numbers)["input_scale"])
  }

  /// The mean squared error of numbers under a scheme's scale.
  static func squaredError(_ figures: [String: Double], _ numbers: [Float]) throws -> Double {
    let (scale, zero) = (try #require(figures["input_scale"]), try #require(figures["input_zero_point"]))
    return numbers.reduce(0) { sum, number in
      let integer = min(max((Double(number) / scale).rounded() + zero, 0), 255)
      return sum + (Double(number) - scale * (integer - zero)) * (Double(number) - scale * (integer - zero))
    } / Double(numbers.count)
  }

  @Test func theRangeOfLeastSquaredErrorHasLessThanOthersDo() throws {
    // Normal numbers and a few far away.
    let numbers = Self.normal(4000) + [30, -25, 28]
    let best = try Self.squaredError(Self.figures(.meanSquaredError, numbers), numbers)
    for other in [Calibration.minMax, .percentile(99), .percentile(99.9), .percentile(99.99), .entropy] {
      #expect(try best <= Self.squaredError(Self.figures(other, numbers), numbers) * 1.01)
    }
    // Of evenly spread numbers nothing is cut.
    let even = (0..<2000).map { Float($0) / 1000 - 0.7 }
    #expect(try Self.figures(.meanSquaredError, even)["input_saturation"] == 0)
  }

  @Test func entropyCutsATailThatMinMaxKeeps() throws {
    let numbers = Self.normal(20_000) + [40]
    let (cut, kept) = (try Self.figures(.entropy, numbers), try Self.figures(.minMax, numbers))
    #expect(try #require(cut["input_scale"]) < 0.5 * #require(kept["input_scale"]))
    #expect(try #require(cut["input_saturation"]) < 0.02)
    let even = (0..<20_000).map { Float($0) / 10_000 - 1 }
    #expect(try #require(Self.figures(.entropy, even)["input_saturation"]) < 0.02)
  }

  @Test func entropyDoesNotTakeTheNoiseOfFewNumbersForShape() throws {
    for count in [300, 3000, 30_000] {
      let numbers = Self.normal(count, seed: 9)
      let (found, whole) = (try Self.figures(.entropy, numbers), try Self.figures(.minMax, numbers))
      let ratio = try Self.squaredError(found, numbers) / Self.squaredError(whole, numbers)
      #expect(ratio < 2, "\(count): \(ratio)")
    }
  }

  @Test func allMethodsAreFoundInOnePassAndCoverWhatTheySay() throws {
    let numbers = Self.normal(3000, seed: 8).map { max($0, 0) }
    for calibration in [Calibration.minMax, .percentile(99.9), .movingAverage(), .meanSquaredError, .entropy] {
      let figures = try Self.figures(calibration, numbers)
      #expect(figures["input_zero_point"] == 0 && figures["calibration_rows"] == 3000)
      #expect(try #require(figures["input_scale"]) <= #require(Self.figures(.minMax, numbers)["input_scale"]))
    }
  }

  @Test func theRowsThatWereNeededAreCounted() throws {
    // Numbers reach ±1 at once; from row 600 of 1024 on they reach 2.
    let early = (0..<1024).map { Float($0 % 2 == 0 ? 1 : -1) }
    #expect(try Self.figures(.minMax, early)["calibration_rows_needed"] == 16)
    var late = early
    late[600] = 2
    #expect(try Self.figures(.minMax, late)["calibration_rows_needed"] == 768)
    late[1000] = 5
    #expect(try Self.figures(.minMax, late)["calibration_rows_needed"] == 1024)
  }

  @Test func halvesAndQuartersSayHowMuchDependsOnTheRows() throws {
    var numbers = (0..<1024).map { Float($0 % 2 == 0 ? 1 : -1) }
    var figures = try Self.figures(.minMax, numbers)
    #expect(figures["range_drift_halves"] == 0 && figures["range_drift_quarters"] == 0)
    // One row of the last quarter reaches 3: the first half ends 2 of 4 below, as do three quarters.
    numbers[1000] = 3
    figures = try Self.figures(.minMax, numbers)
    #expect(figures["range_drift_halves"] == 0.5 && figures["range_drift_quarters"] == 0.5)
  }

  @Test func figuresAreNumbersWhateverTheRange() throws {
    // All but one of the numbers are 0, and a percentile leaves that one out.
    var numbers = [Float](repeating: 0, count: 400)
    numbers[3] = 5
    for calibration in [Calibration.minMax, .percentile(90), .movingAverage(), .meanSquaredError, .entropy] {
      #expect(try Self.figures(calibration, numbers).values.allSatisfy { $0.isFinite })
    }
  }

  @Test func everyRegimeIsCoveredAndReported() throws {
    // A rare regime of large numbers, which a percentile over all rows would cut.
    let numbers = (0..<1000).map { Float($0 % 100 == 7 ? 8 : 1) * Float($0 % 2 == 0 ? 1 : -1) }
    let regimes = Tensor((0..<1000).map { Int64($0 % 100 == 7 ? 2 : 0) })
    let plain = try Self.figures(.percentile(98), numbers)
    let figures = try Self.figures(Calibration(.percentile(98), regimes: "regime"), numbers, ["regime": regimes])
    #expect(try #require(plain["input_saturation"]) > 0 && figures["input_saturation"] == 0)
    // Up to the width of a bin, 8 / 4096 and less.
    #expect(try (#require(figures["regime_2_low"]) + 8).magnitude < 0.01 && (#require(figures["regime_0_high"]) - 1).magnitude < 0.01)
    let error = try #require(throws: CompressionError.self) {
      try Self.figures(Calibration(.minMax, regimes: "phase"), numbers)
    }
    #expect(error.description == "regimes 'phase': expected a column of whole numbers beside the training rows, found none")
  }

  @Test func mergedHistogramsAreThoseOfAllNumbers() throws {
    let numbers = Self.normal(500) + [1e-6, 300, -2e5]
    func histogram(_ part: some Collection<Float>) throws -> StreamingHistogram {
      var histogram = StreamingHistogram()
      try Array(part).withUnsafeBufferPointer { _ = try histogram.add($0, of: "x") }
      return histogram
    }
    let whole = try histogram(numbers)
    for cut in [0, 1, 250, 501, 503] {
      var merged = try histogram(numbers.prefix(cut))
      merged.merge(try histogram(numbers.dropFirst(cut)))
      #expect(merged.occupiedBins == whole.occupiedBins && merged.count == whole.count)
      #expect(merged.minimum == whole.minimum && merged.maximum == whole.maximum)
    }
  }
}
