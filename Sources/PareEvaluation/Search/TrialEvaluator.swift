import PareCompression

/// Makes a model by a recipe and judges it.
package protocol TrialEvaluator: Sendable {
  /// - Parameter name: of the trial, and of the artifact.
  /// - Throws: a `PareError` where the trial fails; what is no one trial's fault has the category `.cannotCreate`.
  func evaluate(_ recipe: Recipe, name: String) async throws -> EvaluatedTrial
}

/// What became of a trial.
package struct EvaluatedTrial: Sendable, Equatable {
  package var figures: TrialFigures
  /// The path of the artifact within the search's folder.
  package var artifact: String

  package init(figures: TrialFigures, artifact: String) {
    self.figures = figures
    self.artifact = artifact
  }
}
