import Histogram

/// Latencies in a high dynamic range histogram: tenths of a nanosecond up to a second, to three digits.
struct LatencyDistribution: Sendable {
  private var histogram = Histogram<UInt32>(highestTrackableValue: 10_000_000_000, numberOfSignificantValueDigits: .three)

  mutating func record(_ nanoseconds: Double) { histogram.record(UInt64((nanoseconds * 10).rounded())) }

  /// What another thread recorded, too.
  /// What another thread recorded, too.
  mutating func add(_ other: LatencyDistribution) { histogram.add(other.histogram) }

  func nanoseconds(atPercentile percentile: Double) -> Double { Double(histogram.valueAtPercentile(percentile)) / 10 }

  var percentiles: BenchResult.Percentiles {
    BenchResult.Percentiles(
      p50: nanoseconds(atPercentile: 50), p99: nanoseconds(atPercentile: 99), p999: nanoseconds(atPercentile: 99.9), max: max)
  }

  var max: Double { Double(histogram.max) / 10 }

  /// Percentiles as people plot them, ever closer to 100, as far as so many values say something.
  var curve: [BenchResult.Point] {
    let percentiles = [0, 1, 5, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99, 99.999, 99.9999]
    return percentiles.filter { (100 - $0) / 100 * Double(histogram.totalCount) >= 1 }.map {
      BenchResult.Point(percentile: $0, ns: nanoseconds(atPercentile: $0))
    }
  }
}
