import PareBoostedTrees
import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// Trains models on a panel's training days, stopped by its validation days.
struct PanelTraining: Sendable {
  let experiment: PanelExperiment
  let data: PanelData
  let seed: UInt64

  var rows: PanelRows { PanelRows(data: data, days: experiment.days) }
  private var shape: PanelShape {
    PanelShape(steps: experiment.days.count, symbols: data.symbolCount, inputs: data.columns.count)
  }

  /// What networks make small.
  var loss: CrossSectionRegression {
    CrossSectionRegression(
      squaredError: experiment.loss.squaredError, correlation: experiment.loss.correlation, ranking: experiment.loss.ranking)
  }

  func context(_ name: String, teacher: Model? = nil, progress: @escaping @Sendable (CompressionProgress) -> Void) throws -> CompressionContext {
    var generator = SeededGenerator(seed: seed, stream: "panel/\(name)/training")
    return CompressionContext(
      training: try rows.rows(data.range(.train)), validation: try rows.rows(data.range(.validation)), teacher: teacher,
      seed: generator.next(), progress: progress)
  }

  /// - Parameter name: decides the draws of the seed, so that models do not share initial weights by accident.
  func network(
    _ architecture: PanelArchitecture, name: String, progress: @escaping @Sendable (CompressionProgress) -> Void = { _ in }
  ) throws -> Model {
    var generator = SeededGenerator(seed: seed, stream: "panel/\(name)")
    let graph = try architecture.graph(shape, groups: data.groups, seed: generator.next(), name: name)
    return Model(
      graph: try experiment.training.train(graph, loss: loss, for: name, in: context(name, progress: progress)))
  }

  func trees(
    _ settings: BoostingSettings, name: String, progress: @escaping @Sendable (CompressionProgress) -> Void = { _ in }
  ) throws -> Model {
    var generator = SeededGenerator(seed: seed, stream: "panel/\(name)")
    let trees = try BoostedTrees.train(
      on: labelled(.train), validation: labelled(.validation), settings: settings, seed: generator.next()
    ) { state in
      progress(
        CompressionProgress(
          technique: name, activity: "round \(state.round) of \(state.rounds)", fraction: Double(state.round) / Double(state.rounds),
          loss: state.validationLoss))
    }
    return Model(graph: try trees.graph(name: name).overPanels(score: "prediction", shape, name: name))
  }

  /// The rows of a part of which it is known what came of them.
  private func labelled(_ part: DatasetPart) throws -> BoostingData {
    let (symbols, width) = (data.symbolCount, data.columns.count)
    let cells = (data.range(part).lowerBound * symbols..<data.range(part).upperBound * symbols).filter { data.mask[$0] && !data.labels[$0].isNaN }
    var features: [Float] = []
    features.reserveCapacity(cells.count * width)
    for cell in cells { features += data.features[cell * width..<(cell + 1) * width] }
    return try BoostingData(features: Tensor(features, shape: [cells.count, width]), labels: .numbers(Tensor(cells.map { data.labels[$0] })))
  }
}
