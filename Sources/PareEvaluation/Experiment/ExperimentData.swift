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
  /// What students are fed, and every teacher that says nothing else.
  let view: DataView
  /// The labelled rows of the view's parts: what weights are fitted to, and what stops the fitting; with what a teacher says of them,
  /// once there is one.
  private(set) var training: TrainingData
  private(set) var validation: TrainingData
  let judge: Judge
  let summary: DataSummary
  /// Where a model comes from: experiment, data, digest, seed.
  let provenance: String
  let source: MarketSource
  let split: ChronologicalSplit
  /// The rows of teachers that are fed otherwise.
  private let otherRows: [FeatureChoice: MarketDataset]
  let choice: FeatureChoice

  /// - Parameters:
  ///   - tables: features and labels from files, where the experiment names them.
  ///   - inputName: the own model's input.
  init(
    _ source: MarketSource, experiment: Experiment, tables: ExperimentTables = ExperimentTables(),
    inputName: String = "features"
  ) throws {
    let interval = source.series.first?.key.interval.milliseconds ?? 0
    choice = experiment.features
    var dataset = try tables.dataset(of: source, features: choice, experiment: experiment)
    var otherRows: [FeatureChoice: MarketDataset] = [:]
    // A network over the cross-section sees the symbols one by one.
    let bySymbol = choice.crossSection ? [choice.ofOneSymbol] : []
    for other in Set(experiment.teacher.inputs + bySymbol) where other != choice {
      let rows = try tables.dataset(of: source, features: other, experiment: experiment)
      // What a teacher cannot see yet, because its windows are longer, nobody learns from or is judged on.
      dataset = try dataset.keeping(rows.places(of: dataset).map { $0 >= 0 })
      otherRows[other] = rows
    }
    self.otherRows = otherRows
    view = try DataView(dataset, choice: choice, inputName: inputName)
    (training, validation) = (view.training, view.validation)
    judge = try Judge(
      dataset: dataset, series: source.series,
      plan: experiment.execution.plan(
        costs: experiment.costs.model(rates: tables.funding), horizon: experiment.label.horizon,
        interval: interval), truths: source.truths,
      weights: experiment.changeWeights, spreadMultiples: source.spreadMultiples(halfSpread: experiment.costs.taking.halfSpread))
    self.source = source
    split = experiment.split
    summary = Self.summary(source, dataset, view.normalizer)
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

  var dataset: MarketDataset { view.dataset }
  var normalizer: PareMarket.Normalizer { view.normalizer }
  /// The name of the input of every model of the experiment.
  var inputName: String { view.inputName }
  var classCount: Int { view.classCount }
  /// Normalizing nodes for the front of a model.
  var normalizerNodes: PareModels.Normalizer { view.normalizerNodes }

  /// What a model made from these data carries, so that it cannot be fed differently from how it was trained.
  func sections() throws -> [(name: String, text: String)] { try view.sections() }

  /// What a model is fed that sees these features; nil for the experiment's.
  ///
  /// - Parameter span: the rows to learn from and to stop by; by default those of the experiment's training and validation part.
  func view(of features: FeatureChoice?, span: LearningSpan? = nil) throws -> DataView {
    guard let features, features != choice else {
      return try span.map { try DataView(dataset, choice: choice, inputName: inputName, span: $0) } ?? view
    }
    guard let rows = otherRows[features] else { preconditionFailure("features that the experiment's teacher does not name") }
    return try DataView(rows, choice: features, span: span ?? dataset.span)
  }

  /// The data with what a teacher says of the labelled rows, which students learn from.
  func taught(by outputs: TeacherOutputs) throws -> ExperimentData {
    var data = self
    data.training = try outputs.added(to: training, rows: view.trainingRows)
    data.validation = try outputs.added(to: validation, rows: view.validationRows)
    return data
  }

  /// What techniques may use: the training and the validation part, never the test part.
  func context(
    teacher: Model?, seed: UInt64, figures: ValidationFigures, observer: any RunObserver
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
