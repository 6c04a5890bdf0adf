import Foundation
import PareBacktest
import Testing

@Suite struct StationaryBootstrapTests {
  @Test func aResampleIsMadeOfBlocksThatGoAroundTheEnd() throws {
    let bootstrap = try StationaryBootstrap(meanBlock: 8, resamples: 400, seed: 3)
    let count = 50
    var joined = 0
    var seen = [Int](repeating: 0, count: count)
    bootstrap.forEachResample(of: count) { places in
      #expect(places.count == count)
      for place in places { seen[place] += 1 }
      joined += zip(places, places.dropFirst()).count { ($0 + 1) % count == $1 }
    }
    // Of 19,600 steps 1 in 8 begins anew (and 1 in 50 of those goes on by chance): 17,199 expected, deviation 46.
    #expect(abs(joined - 17_199) < 5 * 46)
    // Every place 400 times, with a deviation of about √400.
    #expect(seen.allSatisfy { abs($0 - 400) < 120 } && seen.reduce(0, +) == 20_000)
  }

  @Test func theSeedDecidesEveryPlace() throws {
    func places(_ seed: UInt64, block: Double = 3) throws -> [[Int]] {
      var all: [[Int]] = []
      try StationaryBootstrap(meanBlock: block, resamples: 5, seed: seed).forEachResample(of: 30) { all.append($0) }
      return all
    }
    #expect(try places(1) == places(1))
    #expect(try places(1) != places(2))
    #expect(try places(1)[0] != places(1)[1])
    let single = try StationaryBootstrap(meanBlock: 1, resamples: 3)
    single.forEachResample(of: 1) { #expect($0 == [0]) }
  }

  @Test func theMeansVarianceIsTheOneThatTheBlocksGive() throws {
    // n · var* = Σ over lags of (1 − |k|/n)(1 − p)^|k| times the circular autocovariance: two places k apart go
    // together where no block began between them.
    let days = PeerSeries.persistent(seed: 2, count: 400, memory: 0.6)
    let (count, block) = (400, 10.0)
    let mean = days.reduce(0, +) / 400
    var expected = 0.0
    for lag in 0..<count {
      let covariance = (0..<count).reduce(0) { $0 + (days[$1] - mean) * (days[($1 + lag) % count] - mean) } / 400
      let share = 1 - 1 / block
      let weight = Double(count - lag) / 400 * pow(share, Double(lag))
      expected += lag == 0 ? covariance : 2 * weight * covariance
    }
    let bootstrap = try StationaryBootstrap(meanBlock: block, resamples: 4_000)
    let means = bootstrap.distribution(of: days) { $0.reduce(0, +) / Double($0.count) }
    let centre = means.reduce(0, +) / 4_000
    let variance = means.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / 4_000 * 400
    // A variance from 4,000 nearly normal values: deviation √(2 / 4,000) of it.
    #expect(abs(variance / expected - 1) < 5 * (2.0 / 4_000).squareRoot())
    #expect(abs(centre - mean) < 5 * (expected / 400 / 4_000).squareRoot())
  }

  /// In how many of 200 series of 400 days the 95 % interval holds the true mean, in blocks of the automatic length
  /// and in draws of single days.
  private func held(memory: Double) throws -> (blocks: Int, single: Int) {
    let mean: ([Double]) -> Double? = { $0.reduce(0, +) / Double($0.count) }
    var held = (blocks: 0, single: 0)
    for seed in 0..<200 as Range<UInt64> {
      let days = PeerSeries.persistent(seed: 7_000 + seed, count: 400, memory: memory)
      func holds(_ block: Double) throws -> Int {
        let bootstrap = try StationaryBootstrap(meanBlock: block, resamples: 200, seed: seed)
        let interval = ConfidenceInterval(mean(days), resamples: bootstrap.distribution(of: days, mean))
        return interval.excludes(0.0004) ? 0 : 1
      }
      held.blocks += try holds(BlockLength.stationary(for: days))
      held.single += try holds(1)
    }
    return held
  }

  @Test func intervalsHoldTheTruthAsOftenAsTheySayOfIndependentDays() throws {
    // Binomial around 190 of 200 with a deviation of 3.1; the automatic blocks, mostly of 1 to 3, cost a little.
    let held = try held(memory: 0)
    #expect(held.single >= 190 - 10 && held.single <= 199)
    #expect(held.blocks >= 190 - 16)
  }

  @Test func blocksHoldTheTruthOfPersistentDaysWhereSingleDaysDoNot() throws {
    // Days of memory 0.4 have 2.3 times the variance of a mean of independent ones, so that single days hold it in
    // about 80 of 100.
    let held = try held(memory: 0.4)
    #expect(held.blocks > held.single + 8)
    #expect(held.single < 170)
  }

  @Test func pairsStayTogether() throws {
    let bootstrap = try StationaryBootstrap(meanBlock: 4, resamples: 50)
    let days = PeerSeries.persistent(seed: 5, count: 60, memory: 0)
    let doubled = days.map { 2 * $0 }
    let apart = bootstrap.distribution(of: days, with: doubled) { zip($0, $1).reduce(0) { $0 + abs($1.1 - 2 * $1.0) } }
    #expect(apart == [Double](repeating: 0, count: 50))
    let sums = bootstrap.distribution(of: days) { $0.reduce(0, +) }
    #expect(bootstrap.distribution(of: days, with: doubled) { one, _ in one.reduce(0, +) } == sums)
    #expect(bootstrap.distribution(of: []) { _ in 1 } == [])
  }

  @Test func settingsThatCannotBeAreRefused() throws {
    for block in [0.5, .nan, .infinity] {
      #expect(throws: BacktestError.self) { try StationaryBootstrap(meanBlock: block) }
    }
    #expect(throws: BacktestError.self) { try StationaryBootstrap(meanBlock: 2, resamples: 0) }
    let bootstrap = try StationaryBootstrap(meanBlock: 2.5, resamples: 10, seed: 9)
    let json = try JSONEncoder().encode(bootstrap)
    #expect(try JSONDecoder().decode(StationaryBootstrap.self, from: json) == bootstrap)
    #expect(throws: BacktestError.self) {
      try JSONDecoder().decode(StationaryBootstrap.self, from: Data(#"{"meanBlock":0,"resamples":1,"seed":1}"#.utf8))
    }
  }

  @Test func aSeriesWithoutVarianceNeedsNoBlocks() {
    #expect(BlockLength.stationary(for: [Double](repeating: 0.1, count: 100)) == 1)
    #expect(BlockLength.stationary(for: [1, 2, 3]) == 1)
    // A trend is all persistence: the block is as long as it may be.
    #expect(BlockLength.stationary(for: (0..<90).map { Double($0) }) <= 29)
    #expect(BlockLength.stationary(for: (0..<90).map { Double($0) }) > 10)
  }
}
