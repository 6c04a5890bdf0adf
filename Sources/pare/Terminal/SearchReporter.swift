import Foundation
import PareEvaluation

/// Draws a search to standard error: progress as elsewhere, and a line for each trial that joins the frontier or fails.
final class SearchReporter: SearchObserver {
  private let progress: ProgressReporter

  init(isQuiet: Bool) {
    progress = ProgressReporter(isQuiet: isQuiet)
  }

  func began(_ stage: String, units: Int) { progress.began(stage, units: units) }
  func advanced(to unit: Int, note: String) { progress.advanced(to: unit, note: note) }
  func ended(_ note: String) { progress.ended(note) }

  func recorded(_ progress: SearchProgress) {
    let trial = progress.trial
    let figures = progress.figures.map { "\($0.name) \(SearchTable.words($0.value, of: $0.name))" }.joined(separator: ", ")
    if let error = trial.error {
      self.progress.note("\(trial.name) failed: \(error)  (\(trial.made))")
    } else if progress.joinsFrontier {
      self.progress.note("\(trial.name) joins the frontier: \(figures)  (\(trial.made))")
    }
  }
}
