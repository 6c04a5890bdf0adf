import PareTensor

/// How far the growing of trees has come.
public struct BoostingProgress: Sendable, Hashable {
  /// Rounds done.
  public var round: Int
  public var rounds: Int
  /// The loss on the validation rows, where there are any: cross-entropy, or the root of the mean squared error.
  public var validationLoss: Double?
}

extension BoostedTrees {
  /// Grows trees by XGBoost's library (`hist`, or `exact` without bins), on one thread. The same rows, settings, seed and
  /// version of the library give the same trees.
  ///
  /// Classes are learned by cross-entropy (`multi:softprob`, `binary:logistic`), numbers by squared error
  /// (`reg:squarederror`). The margins of classes begin at 0, those of numbers at the weighted mean of the column.
  ///
  /// - Parameter validation: rows whose loss is looked at after every round; early stopping needs them.
  /// - Throws: `boosted-trees.no-library`, category serviceUnavailable, where there is no such library;
  ///   `boosted-trees.range`; `boosted-trees.rows`; `boosted-trees.library` for what the library refuses.
  /// - Source: Chen and Guestrin 2016, arXiv:1603.02754.
  public static func train(
    on rows: BoostingData, validation: BoostingData? = nil, settings: BoostingSettings = BoostingSettings(), seed: UInt64 = 0,
    progress: (BoostingProgress) -> Void = { _ in }
  ) throws -> BoostedTrees {
    let means = rows.columnMeans
    let grown = try GrownTrees(on: rows, validation: validation, centre: means, settings: settings, seed: seed, progress: progress)
    var trees = try BoostedTrees(modelFile: grown.model, name: "XGBoost's model")
    trees.trees.removeLast(max(0, trees.trees.count - grown.keptRounds * rows.columnCount))
    if let means { trees.baseMargins = means }
    return trees
  }
}

/// What the library has grown.
package struct GrownTrees {
  /// As the library saves it, all rounds of it.
  package let model: [UInt8]
  /// Rounds up to the best one.
  package let keptRounds: Int

  /// - Parameter centre: taken off the numbers of each column; nil for classes.
  package init(
    on rows: BoostingData, validation: BoostingData?, centre: [Float]?, settings: BoostingSettings, seed: UInt64,
    progress: (BoostingProgress) -> Void
  ) throws {
    try settings.validate()
    if let validation, !rows.matches(validation) {
      throw BoostedTreesError(
        "rows", subject: "validation rows", expected: "features and labels like those of the training rows", found: "others")
    }
    if settings.earlyStoppingRounds != nil, validation == nil {
      throw BoostedTreesError(
        "rows", subject: "early-stopping rounds", expected: "validation rows", found: "none", category: .usage)
    }
    let library = try XGBoostLibrary.open()
    let matrix = try rows.matrix(in: library, centre: centre)
    let validationMatrix = try validation.map { try $0.matrix(in: library, centre: centre) }
    let booster = try XGBoostBooster([matrix] + (validationMatrix.map { [$0] } ?? []), in: library)
    for (name, value) in settings.parameters(seed: seed) + rows.objective { try booster.set(name, value) }
    var best = (round: -1, loss: Double.infinity)
    var done = 0
    while done < settings.rounds {
      try booster.update(round: done, on: matrix)
      let loss = try validationMatrix.map { try booster.loss(round: done, on: $0) }
      progress(BoostingProgress(round: done + 1, rounds: settings.rounds, validationLoss: loss))
      if let loss, loss < best.loss { best = (done, loss) }
      done += 1
      if let patience = settings.earlyStoppingRounds, done - 1 - best.round >= patience { break }
    }
    model = try booster.saved()
    keptRounds = settings.earlyStoppingRounds == nil ? done : max(best.round + 1, 1)
  }
}

extension BoostingData {
  package func matrix(in library: XGBoostLibrary, centre: [Float]?) throws -> XGBoostMatrix {
    let matrix = try XGBoostMatrix(features, in: library)
    switch labels {
    case .classes(let classes, _): try matrix.setLabels(classes.map { Float($0) })
    case .numbers(let numbers):
      let columns = columnCount
      let values = numbers.values(as: Float.self)
      try matrix.setLabels(
        centre.map { centre in values.indices.map { values[$0] - centre[$0 % columns] } } ?? values, columns: columns)
    }
    if let weights { try matrix.setWeights(weights) }
    return matrix
  }

  /// What is learned, in the library's words.
  fileprivate var objective: [(name: String, value: String)] {
    switch labels {
    case .classes(_, 2): [("objective", "binary:logistic"), ("eval_metric", "logloss"), ("base_score", "0.5")]
    case .classes(_, let count):
      [("objective", "multi:softprob"), ("num_class", "\(count)"), ("eval_metric", "mlogloss"), ("base_score", "0.5")]
    case .numbers: [("objective", "reg:squarederror"), ("eval_metric", "rmse"), ("base_score", "0")]
    }
  }

  /// The weighted mean of each column of numbers; nil for classes.
  fileprivate var columnMeans: [Float]? {
    guard case .numbers(let numbers) = labels else { return nil }
    let values = numbers.values(as: Float.self)
    var sums = [Double](repeating: 0, count: columnCount)
    var total = 0.0
    for row in 0..<features.shape[0] {
      let weight = Double(weights?[row] ?? 1)
      total += weight
      for column in sums.indices { sums[column] += weight * Double(values[row * sums.count + column]) }
    }
    return sums.map { Float($0 / total) }
  }
}
