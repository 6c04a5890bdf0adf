import Foundation
import PareBacktest
import PareCompression
import PareMarket
import PareModels
import PareTensor

/// A panel by day and symbol: what models are fed, what came of it, and what could be traded at which price.
///
/// A day is a decision time, known at its close. Everything about a day but what came of it depends on that day and those before.
package struct PanelData: Sendable {
  package let symbols: [String]
  /// Decision times, Unix milliseconds, ascending.
  package let days: [Int64]
  package let columns: [String]
  /// Row-major `[days, symbols, columns]`, z-scored across the symbols of a day; 0 where there is no row.
  package let features: [Float]
  /// Row-major `[days, symbols]`: whether there is a row.
  package let mask: [Bool]
  /// What came of it, z-scored across the symbols of a day; NaN where nothing is known.
  package let labels: [Float]
  /// The same as it was.
  let returns: DailyPanel
  /// Days of each part.
  private(set) var parts: [DatasetPart: Range<Int>]
  let prices: PanelPrices
  let groups: SymbolMemberships?
  /// Decision times in a year: sessions of a market with a calendar, all of them of one that never closes.
  package let daysPerYear: Double
  let digest: DataDigest
  let provenance: String

  package var symbolCount: Int { symbols.count }
  var shape: PanelShape { PanelShape(symbols: symbols.count, inputs: columns.count) }

  func range(_ part: DatasetPart) -> Range<Int> { parts[part] ?? 0..<0 }

  /// The same days in other parts.
  func with(parts: [DatasetPart: Range<Int>]) -> PanelData {
    var data = self
    data.parts = parts
    return data
  }

  /// The rows of an experiment's panel.
  ///
  /// - Parameter isDenoised: whether noise is taken out, where the experiment takes it out.
  /// - Throws: what `MarketDataset` throws.
  static func dataset(_ source: MarketSource, _ experiment: PanelExperiment, isDenoised: Bool) throws -> MarketDataset {
    guard let interval = source.series.first?.key.interval else {
      throw EvaluationError("panel", subject: "panel", expected: "symbols", found: "none")
    }
    // Limits are rounded to a tick, so that a limit day may lie a little beyond.
    let largestMove = experiment.priceLimit.map { $0 + 0.005 }
    return try MarketDataset(
      series: source.series,
      schema: FeatureSchema(
        interval: interval, features: experiment.features.columns, denoising: isDenoised ? experiment.features.denoising : nil,
        largestMove: largestMove),
      label: LabelDefinition(.forwardReturn, horizon: experiment.horizon, largestMove: largestMove), split: experiment.split)
  }

  /// - Parameter other: the same days of the same panel in other features, whose parts these have, too.
  /// - Throws: what `CrossSections` throws.
  init(
    _ dataset: MarketDataset, of source: MarketSource, experiment: PanelExperiment, groups: SymbolMemberships?, besides other: PanelData? = nil
  ) throws {
    let sections = try CrossSections(of: dataset, rows: 0..<dataset.rowCount)
    symbols = sections.symbols
    days = sections.times
    columns = dataset.columns
    features = sections.standardized(clip: Float(experiment.features.clip)).features
    mask = sections.mask
    labels = sections.returnsZScored.map { Float($0) }
    returns = try DailyPanel(symbols: sections.symbolCount, values: sections.forwardReturns)
    precondition(other.map { $0.days == sections.times } ?? true, "other days")
    parts = other?.parts ?? Dictionary(
      uniqueKeysWithValues: DatasetPart.allCases.map { part in
        let rows = dataset.parts[part]
        let first = Self.place(of: dataset.times[rows.lowerBound], in: sections.times)
        return (part, first..<Self.place(of: dataset.times[rows.upperBound - 1], in: sections.times) + 1)
      })
    prices = try Self.prices(source.series, at: sections.times, limit: experiment.priceLimit)
    self.groups = groups
    let perDay = 86_400_000 / Double(dataset.keys[0].interval.milliseconds ?? 86_400_000)
    daysPerYear = perDay * (source.series[0].calendar == nil ? 365 : 252)
    digest = dataset.digest
    provenance = source.provenance
  }

  /// The first day not before a time.
  private static func place(of time: Int64, in days: [Int64]) -> Int {
    var range = days.startIndex..<days.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = days[middle] < time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  private static func prices(_ series: [CandleSeries], at days: [Int64], limit: Double?) throws -> PanelPrices {
    let places = Dictionary(uniqueKeysWithValues: days.enumerated().map { ($1, $0) })
    let rule = try limit.map { try PriceLimit(share: $0) }
    let count = days.count * series.count
    var (open, close) = ([Double](repeating: .nan, count: count), [Double](repeating: .nan, count: count))
    var (canBuy, canSell) = ([Bool](repeating: false, count: count), [Bool](repeating: false, count: count))
    for (symbol, one) in series.enumerated() {
      let limits = rule?.days(of: one)
      for (index, candle) in one.candles.enumerated() {
        guard let day = places[candle.start + (one.key.interval.milliseconds ?? 0)] else { continue }
        let cell = day * series.count + symbol
        (open[cell], close[cell]) = (candle.open, candle.close)
        canBuy[cell] = !(limits?.opensAtUpper[index] ?? false)
        canSell[cell] = !(limits?.opensAtLower[index] ?? false)
      }
    }
    return try PanelPrices(symbols: series.count, open: open, close: close, canBuy: canBuy, canSell: canSell)
  }
}
