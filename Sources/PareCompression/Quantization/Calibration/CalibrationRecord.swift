/// What is kept of the numbers that an activation takes on over some rows.
struct CalibrationSample: Sendable {
  var histogram = StreamingHistogram()
  /// From the smallest number to the largest of each batch, in the order of the rows.
  var batches: [ClosedRange<Double>] = []
}

/// What the training part shows of one activation: enough to choose its range by any method, and to say how many rows that
/// takes and how much it depends on which.
struct CalibrationRecord: Sendable {
  /// Where the stretches of rows end, as fractions of all.
  static let ends = [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 3.0 / 4, 1]
  /// Rows of a batch, for moving averages.
  static let batch = 64

  /// Each with the rows up to its end.
  private(set) var stretches: [(rows: Int, histogram: StreamingHistogram)]
  private(set) var regimes: [Int: CalibrationSample] = [:]
  private var batches: [ClosedRange<Double>] = []

  init(rowCount: Int) {
    stretches = Self.rowEnds(rowCount).map { ($0, StreamingHistogram()) }
  }

  /// The rows after which each stretch ends; fewer stretches where there are few rows.
  static func rowEnds(_ rowCount: Int) -> [Int] {
    ends.map { max(Int((Double(rowCount) * $0).rounded(.up)), 1) }.reduce(into: []) { ends, end in
      if ends.last != end { ends.append(end) }
    }
  }

  /// Takes in the numbers of rows that belong to one batch and one stretch, which follow those before.
  ///
  /// - Throws: as `StreamingHistogram.add`.
  mutating func add(_ numbers: UnsafeBufferPointer<Float>, firstRow: Int, stretch: Int, of value: String) throws {
    guard !numbers.isEmpty else { return }
    let bounds = try stretches[stretch].histogram.add(numbers, of: value)
    if firstRow / Self.batch < batches.count, let last = batches.popLast() {
      batches.append(min(last.lowerBound, bounds.lowerBound)...max(last.upperBound, bounds.upperBound))
    } else {
      batches.append(bounds)
    }
  }

  /// Takes in the numbers of some rows of a regime, as a batch of it.
  mutating func add(_ numbers: UnsafeBufferPointer<Float>, regime: Int, of value: String) throws {
    guard !numbers.isEmpty else { return }
    let bounds = try regimes[regime, default: CalibrationSample()].histogram.add(numbers, of: value)
    regimes[regime]?.batches.append(bounds)
  }

  /// All rows.
  var whole: CalibrationSample { sample(upTo: stretches.last?.rows ?? 0) }

  /// The rows after the first `from` and up to `to`, as far as stretches lie within; batches that lie within, or all as one.
  private func sample(after from: Int = 0, upTo to: Int) -> CalibrationSample {
    var sample = CalibrationSample()
    for stretch in stretches where stretch.rows > from && stretch.rows <= to { sample.histogram.merge(stretch.histogram) }
    let rowCount = stretches.last?.rows ?? 0
    sample.batches = batches.indices.filter { index in
      index * Self.batch >= from && min((index + 1) * Self.batch, rowCount) <= to
    }.map { batches[$0] }
    if sample.batches.isEmpty { sample.batches = [sample.histogram.minimum...sample.histogram.maximum] }
    return sample
  }
}

// MARK: - Ranges

extension CalibrationRecord {
  /// The range that is used: over all rows, or the one that covers the ranges of all regimes.
  func range(by calibration: Calibration, onto grid: ActivationGrid) -> ClosedRange<Double> {
    guard calibration.regimes != nil, !regimes.isEmpty else { return calibration.method.range(of: whole, onto: grid) }
    let ranges = regimes.values.map { calibration.method.range(of: $0, onto: grid) }
    return (ranges.map(\.lowerBound).min() ?? 0)...(ranges.map(\.upperBound).max() ?? 0)
  }

  /// Rows observed and rows needed, how far halves and quarters of the rows differ, and the ranges of regimes.
  ///
  /// - `calibration_rows_needed`: the fewest rows, of the prefixes that were looked at (1/64, 1/32 … 1/2, 3/4 of all), from which
  ///   on both ends stay within 1 % of the width of the final range.
  /// - `range_drift_halves`, `range_drift_quarters`: the furthest that an end of such a part lies from that of all rows, in
  ///   widths of their range; 1 where they have no width and a part has.
  func figures(by calibration: Calibration, onto grid: ActivationGrid) -> [String: Double] {
    guard let rows = stretches.last?.rows else { return [:] }
    let method = calibration.method
    let final = method.range(of: whole, onto: grid)
    let width = final.upperBound - final.lowerBound
    func drift(_ range: ClosedRange<Double>) -> Double {
      let distance = max((range.lowerBound - final.lowerBound).magnitude, (range.upperBound - final.upperBound).magnitude)
      return distance == 0 ? 0 : width > 0 ? distance / width : 1
    }
    var needed = rows
    for stretch in stretches.reversed() {
      guard drift(method.range(of: sample(upTo: stretch.rows), onto: grid)) <= 0.01 else { break }
      needed = stretch.rows
    }
    var figures = ["calibration_rows": Double(rows), "calibration_rows_needed": Double(needed)]
    for (name, parts) in [("range_drift_halves", 2), ("range_drift_quarters", 4)] {
      let ends = (0...parts).map { Int((Double(rows * $0) / Double(parts)).rounded(.up)) }
      // Parts that are too few rows to tell apart are left out.
      guard ends.dropFirst().allSatisfy({ end in stretches.contains { $0.rows == end } }), rows >= parts else { continue }
      figures[name] = zip(ends, ends.dropFirst()).map { from, to in
        drift(method.range(of: sample(after: from, upTo: to), onto: grid))
      }.max()
    }
    guard calibration.regimes != nil else { return figures }
    for (regime, sample) in regimes {
      let range = method.range(of: sample, onto: grid)
      figures["regime_\(regime)_low"] = range.lowerBound
      figures["regime_\(regime)_high"] = range.upperBound
    }
    return figures
  }
}
