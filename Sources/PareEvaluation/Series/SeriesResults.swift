import Foundation
import PareBacktest
import PareCompression
import PareMarket

/// What came of an experiment on several markets or with several seeds, as `results.json` in its folder holds it.
public struct SeriesResults: Codable, Sendable {
  public static let schemaVersion = 1

  public var schema = SeriesResults.schemaVersion
  public var experiment: String
  public var seeds: [UInt64]
  public var margin: Double
  public var markets: [Market]
  public var cases: [Case]
  /// The experiment, as YAML.
  public var configuration: String

  /// One market with one seed; its folder has results, report and artifacts of its own.
  public struct Case: Codable, Sendable {
    public var market: String
    public var seed: UInt64
    /// Relative to the folder of the whole.
    public var folder: String
    @ExplicitNull public var chosen: String?
    public var reason: String
  }

  /// One market, all seeds together.
  public struct Market: Codable, Sendable {
    public var market: String
    /// Where the candles come from, in words.
    public var source: String
    public var testDays: Int
    /// Gross return of the original on the test part.
    public var originalGross: ConfidenceInterval
    public var models: [Model]
  }

  /// One model on the test part of a market: as many books as there are seeds, of equal capital.
  public struct Model: Codable, Sendable {
    public var name: String
    public var role: CandidateResult.Role
    /// Medians over the seeds.
    public var bytes: Int
    @ExplicitNull public var compressionRatio: Double?
    @ExplicitNull public var latencyP50: Double?
    public var agreement: Double
    public var logLoss: Double
    /// Means over the seeds.
    public var grossReturn: Double
    public var netReturn: Double
    @ExplicitNull public var sharpe: Double?
    /// Of the mean daily returns; null for the original.
    @ExplicitNull public var comparison: PairedComparison?
    @ExplicitNull public var verdict: Verdict?
    /// Seeds that chose it.
    public var chosen: Int
  }

  init(_ experiment: Experiment, results: [(one: ExperimentCase, results: Results)]) throws {
    self.experiment = experiment.name
    seeds = [experiment.seed] + experiment.moreSeeds
    margin = experiment.margin
    configuration = try StrictYAML.encode(experiment)
    cases = results.map { one, results in
      Case(market: one.market, seed: results.seed, folder: one.name, chosen: results.chosen, reason: results.reason)
    }
    var order: [String] = []
    for (one, _) in results where !order.contains(one.market) { order.append(one.market) }
    let choice = experiment.execution
    let execution = Execution(sizing: choice.sizing, calendar: choice.calendar)
    markets = try order.map { market in
      try Market(
        market, results.filter { $0.one.market == market }.map(\.results), execution: execution, margin: experiment.margin)
    }
  }

  public func json(pretty: Bool = true) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  public init(json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(SeriesResults.self, from: Data(json.utf8))
  }
}

extension SeriesResults.Market {
  fileprivate init(_ market: String, _ results: [Results], execution: Execution, margin: Double) throws {
    self.market = market
    source = results.first?.data.source ?? ""
    func days(_ name: String) -> [DailyReturn] {
      Self.mean(results.compactMap { $0.candidates.first { $0.name == name }?.evidence?.test.days.returns })
    }
    let candidates = results.first?.candidates ?? []
    let original = candidates.first.map { days($0.name) } ?? []
    testDays = original.count
    originalGross = ReturnIntervals(of: original, execution: execution)[.grossReturn]
    let hasSkill = (originalGross.lower ?? 0) > 0
    models = try candidates.enumerated().map { index, candidate in
      let mine = results.compactMap { $0.candidates.first { $0.name == candidate.name } }
      let daily = days(candidate.name)
      let comparison =
        index == 0
        ? nil
        : try PairedComparison(
          original: original, candidate: daily, margin: Judge.margin(of: original, share: margin),
          daysPerYear: execution.calendar.daysPerYear)
      return SeriesResults.Model(
        name: candidate.name, role: candidate.role, bytes: Int(Self.median(mine.map { Double($0.bytes) })),
        compressionRatio: Self.knownMedian(mine.map(\.compressionRatio)), latencyP50: Self.knownMedian(mine.map { $0.latencyNs?.p50 }),
        agreement: Self.median(mine.map(\.test.agreement)), logLoss: Self.median(mine.map(\.test.scores.logLoss)),
        grossReturn: daily.reduce(0) { $0 + $1.gross }, netReturn: daily.reduce(0) { $0 + $1.net },
        sharpe: RiskRatios.sharpe(daily: daily.map(\.net), daysPerYear: execution.calendar.daysPerYear),
        comparison: comparison, verdict: comparison.map { Verdict($0, originalHasSkill: hasSkill) },
        chosen: results.count { $0.chosen == candidate.name })
    }
  }

  /// Nil where one of them is not known.
  private static func knownMedian(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.count == values.count && !known.isEmpty ? median(known) : nil
  }

  /// Day by day over the seeds; days that not all of them have are left out.
  private static func mean(_ books: [[DailyReturn]]) -> [DailyReturn] {
    guard let first = books.first else { return [] }
    let byDay = books.map { Dictionary($0.map { ($0.day, $0) }, uniquingKeysWith: { one, _ in one }) }
    return first.compactMap { day in
      let all = byDay.compactMap { $0[day.day] }
      guard all.count == books.count else { return nil }
      let count = Double(all.count)
      return DailyReturn(day: day.day, gross: all.reduce(0) { $0 + $1.gross } / count, net: all.reduce(0) { $0 + $1.net } / count)
    }
  }

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : Quantile.interpolated(0.5, of: values.sorted())
  }
}
