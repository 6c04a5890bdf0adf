import PareCompression
import PareMarket
import PareTensor
import PareTraining

/// The training part in blocks of time, of which each but the first is spoken of by members that learned from the blocks before it.
///
/// With `count` folds there are `count + 1` blocks of equally many labelled rows. For block k the rows of the blocks before it are learned
/// from, less those whose label reaches into it; the last fifth of them stops the fitting. Nothing is spoken of by a member that saw it
/// or anything later, so that weights fitted to the folds do not reward learning by heart.
package struct ForwardFolds: Sendable {
  package struct Fold: Sendable {
    package let span: LearningSpan
    /// Rows of the dataset that are spoken of.
    package let rows: [Int]
  }

  package let folds: [Fold]
  private let labels: [Int32]
  private let classCount: Int

  /// - Parameters:
  ///   - rows: those of the dataset that are learned from, ascending.
  ///   - count: of folds, at least 1.
  /// - Throws: `evaluation.too-few-rows` where a block would be empty.
  package init(_ dataset: MarketDataset, rows: [Int], count: Int) throws {
    let times = rows.map { dataset.times[$0] }
    let reach = Int64(dataset.label.horizon) * (dataset.keys[0].interval.milliseconds ?? 0)
    let starts = (0...count + 1).map { rows.count * $0 / (count + 1) }
    var folds: [Fold] = []
    for fold in 1...count {
      // A block begins where no row of the one before has the same time.
      let begin = times[starts[fold]]
      let end = fold == count ? Int64.max : times[starts[fold + 1]]
      let learned = times.filter { $0 + reach < begin }
      let stop = learned.isEmpty ? begin : learned[min(learned.count * 4 / 5, learned.count - 1)]
      let fitted = learned.filter { $0 + reach < stop }
      guard let first = fitted.first, let last = fitted.last, let newest = learned.last, first < last, stop < newest else {
        throw EvaluationError(
          "too-few-rows", subject: "ensemble.folds", expected: "a training part of more rows, or fewer folds", found: "\(rows.count) rows")
      }
      folds.append(
        Fold(
          span: LearningSpan(training: first...last, validation: stop...newest),
          rows: rows.filter { dataset.times[$0] >= begin && dataset.times[$0] < end }))
    }
    self.folds = folds
    labels = dataset.labels
    classCount = dataset.label.classNames.count
  }

  /// Fits how members are combined to what they said of the folds.
  ///
  /// - Parameter said: by fold and member, of all rows of the dataset.
  func combination(
    _ kind: EnsembleTeacher.Combination, of said: [[TeacherOutputs]], seed: UInt64, name: String
  ) throws -> MemberCombination {
    let memberCount = said.first?.count ?? 0
    // By member, row-major probabilities of all folds' rows.
    let probabilities = (0..<memberCount).map { member in
      zip(folds, said).flatMap { fold, outputs in fold.rows.flatMap { outputs[member].probabilities(ofRow: $0) } }
    }
    let labels = folds.flatMap { $0.rows.map { Int(self.labels[$0]) } }
    switch kind {
    case .average: return .average(memberCount)
    case .weighted:
      return .weights(MixtureWeights.fitted(to: probabilities, labels: labels, classCount: classCount))
    case .stacked:
      return .stack(try StackingModel.fitted(to: probabilities, labels: labels, classCount: classCount, seed: seed, name: name))
    }
  }
}

/// Weights of a mixture of forecasts.
package enum MixtureWeights {
  /// The weights of at least 0 that add up to 1 under which the mixture's log loss is least, by expectation maximization: every round
  /// `w_m ← mean_i w_m·p_m(y_i) / Σ_j w_j·p_j(y_i)`, which never makes the loss larger (Dempster, Laird and Rubin 1977).
  ///
  /// - Parameters:
  ///   - probabilities: by member, row-major `[rows × classes]`.
  ///   - labels: a class for each row.
  package static func fitted(to probabilities: [[Float]], labels: [Int], classCount: Int, rounds: Int = 200) -> [Double] {
    let count = probabilities.count
    let likelihoods = probabilities.map { member in labels.indices.map { max(Double(member[$0 * classCount + labels[$0]]), 1e-9) } }
    var weights = [Double](repeating: 1 / Double(count), count: count)
    for _ in 0..<rounds {
      var next = [Double](repeating: 0, count: count)
      for row in labels.indices {
        var mixture = 0.0
        for member in 0..<count { mixture += weights[member] * likelihoods[member][row] }
        for member in 0..<count { next[member] += weights[member] * likelihoods[member][row] / mixture }
      }
      weights = next.map { $0 / Double(labels.count) }
    }
    return weights
  }
}
