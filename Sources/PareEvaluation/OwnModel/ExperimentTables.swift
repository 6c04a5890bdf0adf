import PareBacktest
import PareMarket

/// Features, labels and funding rates that an experiment takes from files.
struct ExperimentTables: Sendable {
  var features: FeatureTable?
  var labels: LabelTable?
  var funding: FundingRates?

  init() {}

  /// - Throws: errors that name the file, and the line or tensor in it.
  init(_ file: ExperimentFile) throws {
    let experiment = file.experiment
    features = try experiment.features.table.map { try $0.features(at: file.resolved($0.path)) }
    if case .file(let path) = experiment.costs.funding { funding = try FundingRates(file: file.resolved(path)) }
    labels = try experiment.labels.map { table in
      try table.labels(at: file.resolved(table.path), classNames: experiment.label.classNames)
    }
  }

  func dataset(of series: [CandleSeries], experiment: Experiment) throws -> MarketDataset {
    if let features {
      return try MarketDataset(
        series: series, features: features, labels: labels, label: experiment.label, split: experiment.split)
    }
    let features = experiment.features
    let schema = try FeatureSchema(
      interval: series.first?.key.interval ?? .fiveMinutes, coarser: features.coarser, features: features.columns, window: features.window)
    return try MarketDataset(
      series: series, schema: schema, labels: labels, label: experiment.label, split: experiment.split)
  }
}
