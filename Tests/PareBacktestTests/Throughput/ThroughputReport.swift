import Foundation
import PareBacktest
import Testing

private let folder = ProcessInfo.processInfo.environment["PARE_BACKTEST_REPORT"]

/// Times backtests of the signals that `benchmarks/peers/backtest.py` writes into the folder that `PARE_BACKTEST_REPORT` names,
/// and writes `report.json` there. It checks nothing; `benchmarks/backtest/run` does all of it.
@Suite(.serialized, .enabled(if: folder != nil, "a report, not a test"))
struct ThroughputReport {
  private struct Case: Encodable {
    var name: String
    var decisions: Int
    /// Processor time, and time by the clock, of each round.
    var seconds: [Double]
    var wallSeconds: [Double]
    var net: Double
    var trades: Int
  }

  private struct Signals {
    var candles: TradedCandles
    var targets: [Double]

    /// Columns of 64-bit little-endian floating-point numbers, one after the other: start, open, high, low, close, volume, target.
    init(_ path: String) throws {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let count = data.count / 8 / 7
      let columns = data.withUnsafeBytes { bytes in
        (0..<7).map { column in
          (0..<count).map { row in
            Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * (column * count + row), as: UInt64.self)))
          }
        }
      }
      candles = try TradedCandles(
        times: columns[0].map(Int64.init), opens: columns[1], highs: columns[2], lows: columns[3], closes: columns[4],
        volumes: columns[5])
      targets = columns[6]
    }
  }

  private func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test func decisionsASecond() throws {
    let folder = try #require(folder)
    let costs = TradingCosts.standard
    let one = try Signals(folder + "/one.f64")
    let ten = try (0..<10).map { try Signals(folder + "/ten-\($0).f64") }
    let sides = one.targets.map { Int8($0) }
    func instruments(_ signals: [Signals]) -> [Instrument] {
      signals.enumerated().map { Instrument("\($0)", candles: $1.candles, costs: CostModel(costs)) }
    }
    func portfolio(_ signals: [Signals], _ rules: TradingRules = .none) throws -> BacktestMetrics {
      try PortfolioBacktest(instruments(signals), rules: rules).run(targets: signals.map(\.targets)).metrics
    }
    let bodies: [(String, Int, () throws -> BacktestMetrics)] = [
      ("Backtest", sides.count, {
        try Backtest(opens: one.candles.opens, times: one.candles.times, costs: costs).run(positions: sides).metrics
      }),
      ("PortfolioBacktest, 1 instrument", sides.count, { try portfolio([one]) }),
      ("PortfolioBacktest, 10 instruments", ten.reduce(0) { $0 + $1.targets.count }, { try portfolio(ten) }),
      ("PortfolioBacktest, 1 instrument with stops", sides.count, {
        try portfolio([one], TradingRules(stopLoss: 0.006, takeProfit: 0.009))
      }),
    ]
    let rounds = Int(ProcessInfo.processInfo.environment["PARE_BACKTEST_ROUNDS"] ?? "") ?? 5
    var cases: [Case] = []
    for (name, decisions, body) in bodies {
      var entry = Case(name: name, decisions: decisions, seconds: [], wallSeconds: [], net: 0, trades: 0)
      for _ in 0..<rounds {
        let (processor, wall) = (seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC))
        let metrics = try body()
        entry.seconds.append(seconds(CLOCK_PROCESS_CPUTIME_ID) - processor)
        entry.wallSeconds.append(seconds(CLOCK_MONOTONIC) - wall)
        (entry.net, entry.trades) = (metrics.netReturn, metrics.trades)
      }
      cases.append(entry)
    }
    try JSONEncoder().encode(cases).write(to: URL(fileURLWithPath: folder + "/report.json"))
  }
}
