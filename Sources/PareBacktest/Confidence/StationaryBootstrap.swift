import PareTensor

/// Resamples a series in blocks of random length, so that what neighbours have in common stays in the resamples.
///
/// A resample begins at a random place and goes on with the next one, around the end to the beginning; before each
/// step it begins anew with probability 1 / mean block.
///
/// - Source: Politis and Romano 1994, "The stationary bootstrap", JASA 89.
public struct StationaryBootstrap: Codable, Sendable, Hashable {
  /// Expected length of a block, 1 or more; 1 draws every place by itself.
  public let meanBlock: Double
  public let resamples: Int
  public let seed: UInt64

  private enum CodingKeys: String, CodingKey {
    case meanBlock, resamples, seed
  }

  /// - Parameter resamples: 1 to 1,000,000.
  /// - Throws: `backtest.bootstrap`.
  public init(meanBlock: Double, resamples: Int = 2_000, seed: UInt64 = 1) throws(BacktestError) {
    guard meanBlock >= 1, meanBlock.isFinite else {
      throw BacktestError(
        "bootstrap", subject: "bootstrap.mean-block", expected: "1 or more", found: "\(meanBlock)", category: .usage)
    }
    guard (1...1_000_000).contains(resamples) else {
      throw BacktestError(
        "bootstrap", subject: "bootstrap.resamples", expected: "1 to 1000000", found: "\(resamples)", category: .usage)
    }
    self.meanBlock = meanBlock
    self.resamples = resamples
    self.seed = seed
  }

  private init(meanBlock: Double) {
    self.meanBlock = meanBlock
    resamples = 2_000
    seed = 1
  }

  /// 2,000 resamples in blocks as long as the series itself asks for, by `BlockLength`.
  public static func suited(to series: [Double]) -> StationaryBootstrap {
    StationaryBootstrap(meanBlock: BlockLength.stationary(for: series))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      meanBlock: container.decode(Double.self, forKey: .meanBlock),
      resamples: container.decode(Int.self, forKey: .resamples),
      seed: container.decode(UInt64.self, forKey: .seed))
  }

  /// Calls `body` with the places of each resample in turn, `count` of them, each in `0 ..< count`.
  ///
  /// - Precondition: `count` is 1 or more.
  public func forEachResample(of count: Int, _ body: (_ places: [Int]) throws -> Void) rethrows {
    precondition(count > 0, "something to resample")
    var generator = SeededGenerator(seed: seed, stream: "backtest/bootstrap")
    // Compared with 64 random bits; a probability of 1 needs no comparison.
    let anew = meanBlock > 1 ? UInt64(0x1p64 / meanBlock) : .max
    var places = [Int](repeating: 0, count: count)
    for _ in 0..<resamples {
      var place = generator.below(count)
      places[0] = place
      for step in 1..<max(count, 1) {
        if anew == .max || generator.next() < anew {
          place = generator.below(count)
        } else {
          place += 1
          if place == count { place = 0 }
        }
        places[step] = place
      }
      try body(places)
    }
  }

  /// A statistic of every resample of a series; `.nan` where it is undefined.
  public func distribution(of series: [Double], _ statistic: ([Double]) -> Double?) -> [Double] {
    withoutActuallyEscaping(statistic) { distributions(of: series, [$0])[0] }
  }

  /// Several statistics of the same resamples of a series; `.nan` where one is undefined.
  ///
  /// - Returns: for each statistic its value on every resample; nothing for an empty series.
  public func distributions(of series: [Double], _ statistics: [([Double]) -> Double?]) -> [[Double]] {
    var values = [[Double]](repeating: [], count: statistics.count)
    guard !series.isEmpty else { return values }
    var drawn = series
    forEachResample(of: series.count) { places in
      for (step, place) in places.enumerated() { drawn[step] = series[place] }
      for (index, statistic) in statistics.enumerated() { values[index].append(statistic(drawn) ?? .nan) }
    }
    return values
  }

  /// A statistic of every resample of two series that belong together: both take the same places.
  ///
  /// - Precondition: equally long series.
  public func distribution(
    of one: [Double], with other: [Double], _ statistic: ([Double], [Double]) -> Double?
  ) -> [Double] {
    precondition(one.count == other.count, "series that belong together are equally long")
    var values: [Double] = []
    guard !one.isEmpty else { return values }
    values.reserveCapacity(resamples)
    var (drawn, drawnOther) = (one, other)
    forEachResample(of: one.count) { places in
      for (step, place) in places.enumerated() {
        drawn[step] = one[place]
        drawnOther[step] = other[place]
      }
      values.append(statistic(drawn, drawnOther) ?? .nan)
    }
    return values
  }
}
