import PareBacktest
import PareMarket

/// Features, labels and funding rates that an experiment takes from files.
struct ExperimentTables: Sendable {
  var features: [TableFile: FeatureTable] = [:]
  var labels: LabelTable?
  var funding: FundingRates?

  init() {}

  /// - Throws: errors that name the file, and the line or tensor in it.
  init(_ file: ExperimentFile) throws {
    let experiment = file.experiment
    for table in Set(([experiment.features] + experiment.teacher.inputs).compactMap(\.table)) {
      features[table] = try table.features(at: file.resolved(table.path))
    }
    if case .file(let path) = experiment.costs.funding { funding = try FundingRates(file: file.resolved(path)) }
    labels = try experiment.labels.map { table in
      try table.labels(at: file.resolved(table.path), classNames: experiment.label.classNames)
    }
  }

  /// - Parameter choice: the experiment's features, or a teacher's own.
  func dataset(of source: MarketSource, features choice: FeatureChoice, experiment: Experiment) throws -> MarketDataset {
    let series = source.series
    if let book = choice.book, let books = source.books {
      return try MarketDataset(
        series: series[0], books: books, inputs: book.inputs, labels: labels, label: experiment.label, split: experiment.split)
    }
    if let table = choice.table, let features = features[table] {
      return try MarketDataset(
        series: series, features: features, labels: labels, label: experiment.label, split: experiment.split)
    }
    let schema = try FeatureSchema(
      interval: series.first?.key.interval ?? .fiveMinutes, coarser: choice.coarser, features: choice.columns, window: choice.window)
    let dataset = try MarketDataset(
      series: series, schema: schema, labels: labels, label: experiment.label, split: experiment.split)
    return choice.crossSection ? try dataset.seeingTheCrossSection() : dataset
  }
}
