import Foundation
import PareBacktest
import PareCompression
import PareGraph
import PareInference
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// The data of an experiment in the forms that making and judging need.
struct ExperimentData: Sendable {
  let dataset: MarketDataset
  let normalizer: PareMarket.Normalizer
  let judge: Judge
  let summary: DataSummary
  /// Labelled rows: what weights are fitted to, and what stops the fitting.
  let training: TrainingData
  let validation: TrainingData
  /// The name of the input of every model of the experiment.
  let inputName: String
  /// Where a model comes from: experiment, data, digest, seed.
  let provenance: String
  private let source: MarketSource
  let split: ChronologicalSplit

  /// - Parameters:
  ///   - tables: features and labels from files, where the experiment names them.
  ///   - inputName: the own model's input.
  init(
    _ source: MarketSource, experiment: Experiment, tables: ExperimentTables = ExperimentTables(),
    inputName: String = "features"
  ) throws {
    let interval = source.series.first?.key.interval.milliseconds ?? 0
    dataset = try tables.dataset(of: source.series, experiment: experiment)
    self.inputName = inputName
    normalizer = try dataset.normalizer(experiment.features.normalizer, clip: Float(experiment.features.clip))
    judge = try Judge(
      dataset: dataset, series: source.series,
      plan: experiment.execution.plan(
        costs: experiment.costs.model(rates: tables.funding), horizon: experiment.label.horizon,
        interval: interval), truths: source.truths,
      weights: experiment.changeWeights)
    training = try Self.rows(of: .train, dataset, inputName: inputName)
    validation = try Self.rows(of: .validation, dataset, inputName: inputName)
    self.source = source
    split = experiment.split
    summary = Self.summary(source, dataset, normalizer)
    provenance = try StrictYAML.json(
      Provenance(experiment: experiment.name, data: summary.source, digest: summary.digest, seed: experiment.seed))
  }

  private struct Provenance: Encodable {
    let experiment, data, digest: String
    let seed: UInt64
  }

  /// Features of every row of a part, row-major.
  func features(_ part: DatasetPart) -> [Float] { Array(dataset.features(of: part)) }

  /// One per symbol.
  var series: [CandleSeries] { source.series }

  var classCount: Int { dataset.label.classNames.count }

  /// Normalizing nodes for the front of a model.
  var normalizerNodes: PareModels.Normalizer {
    PareModels.Normalizer(
      offset: normalizer.offset, scale: normalizer.scale, range: normalizer.lower...normalizer.upper)
  }

  /// What a model made from these data carries, so that it cannot be fed differently from how it was trained.
  func sections() throws -> [(name: String, text: String)] {
    let features: String
    if let schema = dataset.schema {
      features = try StrictYAML.json(schema)
    } else {
      features = try StrictYAML.json(OwnFeatures(interval: dataset.keys[0].interval, rowShape: dataset.rowShape))
    }
    return [("features", features), ("label", try StrictYAML.json(dataset.label))]
  }

  /// What techniques may use: the training and the validation part, never the test part.
  func context(
    teacher: Model, seed: UInt64, figures: ValidationFigures, observer: any RunObserver
  ) -> CompressionContext {
    CompressionContext(
      training: training, validation: validation, teacher: teacher, seed: seed,
      measure: { try figures.measure($0).figures }, progress: progress(observer))
  }

  /// Passes a technique's progress on, in thousandths.
  func progress(_ observer: any RunObserver) -> @Sendable (CompressionProgress) -> Void {
    { state in
      let loss = state.loss.map { ", loss \(figure($0))" } ?? ""
      observer.advanced(to: Int(state.fraction * 1000), note: state.activity + loss)
    }
  }

  /// What is known of features that were computed elsewhere.
  private struct OwnFeatures: Encodable {
    let interval: CandleInterval
    let rowShape: [Int]
  }

  private static func rows(of part: DatasetPart, _ dataset: MarketDataset, inputName: String) throws -> TrainingData {
    let rows = dataset.labelled(part)
    return try TrainingData([
      inputName: Tensor(rows.features, shape: Shape([rows.count] + dataset.rowShape)),
      "labels": Tensor(rows.labels.map(Int64.init)),
    ])
  }

  private static func summary(
    _ source: MarketSource, _ dataset: MarketDataset, _ normalizer: PareMarket.Normalizer
  ) -> DataSummary {
    func part(_ part: DatasetPart) -> DataSummary.Part {
      let rows = dataset.parts[part]
      return DataSummary.Part(
        rows: rows.count, first: UTCTime.text(dataset.times[rows.lowerBound]),
        last: UTCTime.text(dataset.times[rows.upperBound - 1]))
    }
    var clipped: [String: Double] = [:]
    for part in DatasetPart.allCases {
      var rows = Array(dataset.features(of: part))
      clipped[part.rawValue] = normalizer.apply(to: &rows).share
    }
    return DataSummary(
      source: source.provenance, digest: dataset.digest.description, symbols: dataset.keys.map(\.symbol),
      interval: dataset.keys[0].interval.name, candles: source.series.reduce(0) { $0 + $1.candles.count },
      missingCandles: source.series.flatMap(\.gaps).reduce(0) { $0 + $1.missing }, features: dataset.rowShape.count == 1 ? dataset.columns : ["windows of \(dataset.rowShape)"],
      classes: dataset.label.classNames, horizon: dataset.label.horizon,
      rows: DatasetPart.allCases.reduce(0) { $0 + dataset.parts[$1].count }, train: part(.train),
      validation: part(.validation), test: part(.test), clipped: clipped)
  }
}
