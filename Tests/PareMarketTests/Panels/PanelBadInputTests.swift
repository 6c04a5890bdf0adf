import Foundation
import PareMarket
import PareTensor
import Testing

/// Panels, groups and labels that say too little, too much or the same thing everywhere.
@Suite struct PanelBadInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func dataset(
    _ series: [CandleSeries], _ kind: LabelDefinition.Kind = .direction, labels: LabelTable? = nil
  ) throws -> MarketDataset {
    try MarketDataset(
      series: series, schema: FeatureSchema(interval: .oneDay, features: [.return(1)]), labels: labels,
      label: LabelDefinition(kind, horizon: 2))
  }

  @Test func aPanelOfOneSymbolIsASeriesAndNoCrossSection() throws {
    let rows = DailyPanel.weekdays(80).enumerated().map { index, date in
      let price = 10 + sin(Double(index))
      return "\(date),ONLY,\(price),\(price + 1),\(price - 1),\(price + 0.5),7"
    }
    let path = try folder.file("one.csv", "date,symbol,open,high,low,close,volume\n" + rows.joined(separator: "\n") + "\n")
    let (series, report) = try PanelCSV.read(path: path)
    #expect(series.map(\.key.symbol) == ["ONLY"] && report.missing == 0)
    let data = try dataset(series)
    let error = try marketError { _ = try data.crossSections(of: .train) }
    #expect("\(error)" == "cross-sections of train: expected a dataset of two symbols or more, found 1")
    #expect(try marketError { _ = try dataset(series, .crossSectionRank(share: 0.2)) }.code == "market.cross-section")
  }

  @Test func equalReturnsHaveNoRanksToLearn() throws {
    let one = try DailyPanel.series(["A"], sessions: 100, seed: 5)[0]
    let equal = ["A", "B", "C"].map {
      CandleSeries(key: SeriesKey(symbol: $0, interval: .oneDay), candles: one.candles, calendar: one.calendar)
    }
    let error = try marketError { _ = try dataset(equal, .crossSectionRank(share: 0.3)) }
    #expect("\(error)".hasPrefix("split.train: expected labels of at least two classes, found 'hold' in all"))
  }

  @Test func groupsOfOtherSymbolsAreNobodys() throws {
    let known = try folder.file("known.csv", "symbol,sector\nA,tech\nB,tech\n")
    let more = try folder.file("more.csv", "symbol,sector\nA,tech\nZZZ,tech\nB,tech\nYYY,food\n")
    let symbols = ["A", "B"]
    let graph = try SymbolGraph.groups(SymbolGroups.read(path: more), symbols)
    #expect(graph == (try SymbolGraph.groups(SymbolGroups.read(path: known), symbols)) && graph.weights == [0, 1, 1, 0])
    let error = try marketError { _ = try SymbolGraph.groups(SymbolGroups.read(path: known), ["A", "B", "C"]) }
    #expect("\(error)" == "groups: expected a group for every symbol, found none for C")
  }

  @Test func labelsOfOtherSymbolsAreLeftOutAndMissingOnesNamed() throws {
    let series = try DailyPanel.series(["A", "B"], sessions: 100, seed: 5)
    func labels(_ symbols: [String]) throws -> LabelTable {
      let starts = symbols.flatMap { _ in series[0].candles.map(\.start) }
      return try LabelTable(
        source: "labels.csv",
        keys: RowKeys(times: starts, symbols: symbols.flatMap { symbol in series[0].candles.map { _ in symbol } }), moment: .start,
        classes: starts.indices.map { Int32($0 % 2) }, classCount: 2)
    }
    let plain = try dataset(series, labels: labels(["A", "B"]))
    #expect(try dataset(series, labels: labels(["A", "B", "ZZZ"])).labels == plain.labels)
    let error = try marketError { _ = try dataset(series, labels: labels(["A", "ZZZ"])) }
    #expect(error.subject == "labels.csv" && error.expected?.hasPrefix("rows of B within") == true)
  }
}
