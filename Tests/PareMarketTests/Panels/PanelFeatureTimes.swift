import Foundation
import PareMarket
import Testing

private let path = ProcessInfo.processInfo.environment["PARE_PANEL_REPORT"]

/// Times features and cross-sections of the panel that `PARE_PANEL_REPORT` names, and prints the seconds. It checks nothing.
@Suite(.serialized, .enabled(if: path != nil, "a report, not a test"))
struct PanelFeatureTimes {
  @Test func featuresAndCrossSections() throws {
    let (series, _) = try PanelCSV.read(path: path ?? "", policy: .skip)
    let features = Feature.alpha()
    let denoising = try WaveletDenoising(.db2, levels: 2, window: 32)
    let label = try LabelDefinition(.forwardReturn, horizon: 5)
    try seconds("features") {
      for one in series { _ = try FeatureMatrix(of: one, schema: FeatureSchema(interval: .oneDay, features: features)) }
    }
    let schema = try FeatureSchema(interval: .oneDay, features: features, denoising: denoising)
    try seconds("features, denoised") { for one in series { _ = try FeatureMatrix(of: one, schema: schema) } }
    let data = try MarketDataset(series: series, schema: schema, label: label)
    let sections = try CrossSections(of: data, rows: 0..<data.rowCount)
    print("\(series.count) symbols, \(series.reduce(0) { $0 + $1.candles.count }) candles, cells of \(sections.shape)")
    seconds("standardized") { _ = sections.standardized() }
    seconds("returns") { _ = sections.returnsZScored }
  }

  private func seconds(_ name: String, _ work: () throws -> Void) rethrows {
    let began = ContinuousClock.now
    try work()
    print("\(name): \(ContinuousClock.now - began)")
  }
}
