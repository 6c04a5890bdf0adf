import Foundation
import PareBacktest
import PareCompression
import PareMarket

/// Lets a student keep up with a market, and beside it one that stays as it was first made, and says what each knew as time went on.
public struct RollingRun: Sendable {
  private let file: ExperimentFile
  private let plan: RollingPlan
  private let observer: any RunObserver

  public init(_ file: ExperimentFile, plan: RollingPlan, observer: any RunObserver = SilentObserver()) {
    (self.file, self.plan, self.observer) = (file, plan, observer)
  }

  /// - Throws: what data and training meet; `evaluation.rolling` for data of several symbols, or a market shorter than the window.
  public func execute() async throws -> RollingResult {
    let experiment = file.experiment
    let source = try await MarketSource.load(file, observer: observer)
    guard let series = source.series.first, source.series.count == 1, source.books == nil, experiment.features.table == nil,
      !experiment.features.crossSection
    else {
      throw EvaluationError(
        "rolling", subject: "data", expected: "one symbol, with features of Pare's own", found: "\(source.series.count) symbols")
    }
    let (features, label) = (experiment.features, experiment.label)
    let schema = try FeatureSchema(
      interval: series.key.interval, coarser: features.coarser, features: features.columns, window: features.window)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    let outcomes = label.outcomes(of: series)
    let begin = schema.warmUp + label.candlesBefore + plan.window
    let updates = (series.candles.count - begin) / plan.every
    guard updates > 1 else {
      throw EvaluationError(
        "rolling", subject: "data", expected: "more than \(begin + plan.every) candles for a window of \(plan.window)",
        found: "\(series.candles.count)")
    }
    let truth = source.truths.first.flatMap { $0 }.flatMap { $0.knows(label) ? $0 : nil }
    var distiller = try RollingDistiller(plan, label: label, features: features, seed: experiment.seed)
    var fixed: DeployedModel?
    var blocks: [RollingResult.Block] = []
    observer.began("rolling distillation", units: updates)
    for update in 0..<updates {
      let now = begin + update * plan.every
      let known = CandleSeries(key: series.key, candles: Array(series.candles[..<now]))
      let student = try DeployedModel(distiller.update(with: known).student)
      let first = fixed ?? student
      fixed = first
      // Decided at the close of the candles that come until the next update.
      let rows = matrix.candleIndices.indices.filter { (now..<now + plan.every).contains(matrix.candleIndices[$0]) }
      let measure = BlockMeasure(
        matrix: matrix, rows: rows, outcomes: outcomes, truth: truth, label: label, classCount: label.classNames.count)
      blocks.append(
        RollingResult.Block(
          candle: now, time: series.candles[now].start, rows: rows.count, rolling: try measure.skill(of: student),
          fixed: try measure.skill(of: first), best: measure.best))
      observer.advanced(to: update + 1, note: "candle \(now) of \(series.candles.count)")
    }
    observer.ended("\(updates) updates")
    return RollingResult(
      experiment: experiment.name, seed: experiment.seed, window: plan.window, every: plan.every, isTrue: truth != nil, blocks: blocks,
      signalBreak: Self.signalBreak(experiment.data))
  }

  private static func signalBreak(_ data: DataSource) -> Int? {
    guard case .simulation(let simulation) = data else { return nil }
    return simulation.signalBreak?.candle
  }
}

/// How good decisions of a block are: expected under the truth where it is known, else against labels.
private struct BlockMeasure {
  let matrix: FeatureMatrix
  let rows: [Int]
  let outcomes: [LabelOutcome?]
  let truth: SimulatedTruth?
  let label: LabelDefinition
  let classCount: Int

  /// Accuracy above that of a coin.
  func skill(of model: DeployedModel) throws -> Double {
    let width = matrix.values.count / max(matrix.candleIndices.count, 1)
    let features = rows.flatMap { matrix.values[$0 * width..<($0 + 1) * width] }
    let probabilities = try model.scores(of: features, width: width, classCount: classCount).probabilities
    return mean { place, candle in chances(candle).map { $0[probabilities.predictedClass(place)] } }
  }

  /// The most that can be known; nil where nobody knows.
  var best: Double? { truth == nil ? nil : mean { _, candle in chances(candle)?.max() } }

  private func mean(_ hit: (Int, Int) -> Double?) -> Double {
    let hits = rows.enumerated().compactMap { place, row in hit(place, matrix.candleIndices[row]) }
    return hits.isEmpty ? 0 : hits.reduce(0, +) / Double(hits.count) - 1 / Double(classCount)
  }

  /// The chance of each class, or which one it was.
  private func chances(_ candle: Int) -> [Double]? {
    if let truth {
      let chances = truth.bayes.classProbabilities(at: candle, of: label)
      return chances.contains { $0.isNaN } ? nil : chances
    }
    guard let outcome = outcomes[candle], let own = outcome.classIndex else { return nil }
    return (0..<classCount).map { $0 == Int(own) ? 1 : 0 }
  }
}

/// What a student knew that kept up with its market, and what one did that stayed as it was.
public struct RollingResult: Codable, Sendable, Equatable {
  public struct Block: Codable, Sendable, Equatable {
    /// The first candle that was decided on, and when it starts.
    public var candle: Int
    public var time: Int64
    public var rows: Int
    /// Accuracy above that of a coin: of the student that keeps up, of the one that was made first, and the most that can be known.
    public var rolling: Double
    public var fixed: Double
    @ExplicitNull public var best: Double?
  }

  public var experiment: String
  public var seed: UInt64
  public var window: Int
  public var every: Int
  /// Whether skill is expected under the simulator's truth; else it is measured on labels.
  public var isTrue: Bool
  public var blocks: [Block]
  /// The candle from which on the simulated signal is another.
  @ExplicitNull public var signalBreak: Int?

  /// Mean skill over the blocks that begin within some candles.
  public func skill(_ key: KeyPath<Block, Double> & Sendable, in candles: Range<Int>) -> Double? {
    let chosen = blocks.filter { candles.contains($0.candle) }
    let rows = chosen.reduce(0) { $0 + $1.rows }
    return rows == 0 ? nil : chosen.reduce(0) { $0 + $1[keyPath: key] * Double($1.rows) } / Double(rows)
  }
}
