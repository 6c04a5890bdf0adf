import PareGraph
import PareTensor
import PareTraining

extension Experiment {
  /// The user's own model as the teacher of an experiment.
  ///
  /// - Parameter source: what messages call it.
  /// - Throws: an error that says what the features or the label expect of the model and what it has.
  func teacher(_ own: Model, source: String, data: ExperimentData) throws -> Model {
    let adapter = OwnModelAdapter(
      output: output, classNames: label.classNames, order: try output.order(label.classNames, at: .init()),
      rowShape: data.dataset.rowShape, source: source)
    _ = try adapter.input(of: own.graph)
    var scale: Float = 1
    if output.kind == .score {
      let value = try adapter.value(in: own.graph)
      let scores = try Scorer(own.graph, outputs: [value]).run(data.training)[value]?.doubles ?? []
      let spread = (scores.reduce(0) { $0 + $1 * $1 } / Double(max(scores.count, 1))).squareRoot()
      guard spread > 0, spread.isFinite else {
        throw EvaluationError(
          "own-model", subject: source, expected: "scores that differ from 0 on the training part", found: "a spread of \(spread)")
      }
      scale = Float(spread)
    }
    var model = try adapter.adapt(own, normalizer: data.normalizerNodes, scoreScale: scale)
    for section in try data.sections() { model.sections[section.name] = section.text }
    return model
  }
}
