import PareGraph
import PareModels
import PareTraining

extension ModelScores {
  /// The loss against the labels of rows: cross-entropy of classes, squared error of numbers, and correlation of a panel's.
  var labelLoss: any Loss {
    switch kind {
    case .classes: CrossEntropy(logits: value)
    case .numbers: MeanSquaredError(prediction: value, target: "labels")
    case .panel: CrossSectionRegression(prediction: value, target: "labels")
    }
  }
}

extension Graph {
  /// The mean loss against the labels of some rows.
  ///
  /// - Throws: `graph.scores` where the graph has no scores, `TrainingError` where the rows do not fit it.
  func labelLoss(on rows: TrainingData) throws -> Double {
    func mean(_ loss: some Loss) throws -> Double { try Trainer().loss(of: self, by: loss, on: rows) }
    return try mean(scores().labelLoss)
  }
}
