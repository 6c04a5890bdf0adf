import PareGraph
import PareTensor
import PareTraining

/// What the scores of a panel's model owe to each number that it sees.
///
/// A symbol's score owes `x · ∂ŷ/∂x` to a feature x (gradient × input), or the mean of that slope along the way from 0 to x in its place
/// (integrated gradients), whose sum over all features is the score less that of features of zeros.
///
/// - Source: Shrikumar et al. 2017, arXiv:1605.01713; Sundararajan, Taly and Yan 2017, arXiv:1703.01365, eq. 3.
public enum Attribution: Sendable, Hashable, Codable {
  case gradientTimesInput
  /// At so many points along the way.
  case integratedGradients(points: Int)

  /// Of each symbol's score of each day, what it owes to the symbol's own features of that day: shaped as the features, signed.
  ///
  /// One run of the gradient serves all symbols and days: scores are weighted by random signs, and a symbol's slope by its sign again, so
  /// that what others' scores owe to it cancels in the mean.
  ///
  /// - Parameters:
  ///   - graph: from `features [batch, steps, symbols, features]` and a mask to `scores`.
  ///   - draws: of the signs for each point.
  /// - Throws: `GraphError` for a graph that cannot be differentiated.
  public func own(
    of graph: Graph, scores: String = "scores", features: String = "features", on rows: TrainingData, draws: Int = 2, seed: UInt64
  ) throws -> Tensor {
    guard let given = rows[features], let gradient = try ScoreGradient(graph, scores: scores, features: features) else {
      throw CompressionError("missing-data", subject: "attribution", expected: "rows with '\(features)'", found: "none", category: .usage)
    }
    let values = given.values(as: Float.self)
    let width = given.shape[3]
    var generator = SeededGenerator(seed: seed, stream: "attribution")
    var sums = [Float](repeating: 0, count: values.count)
    let points = points
    for point in points {
      let scaled = point == 1 ? given : Tensor(values.map { $0 * point }, shape: given.shape)
      for _ in 0..<draws {
        let signs = (0..<values.count / width).map { _ in generator.uniform() < 0.5 ? Float(-1) : 1 }
        let slopes = try gradient.slopes(rows.with(features, scaled), signs: signs)
        for (cell, sign) in signs.enumerated() {
          for place in cell * width..<(cell + 1) * width { sums[place] += sign * slopes[place] }
        }
      }
    }
    let share = 1 / Float(points.count * draws)
    return Tensor(zip(values, sums).map { $0 * $1 * share }, shape: given.shape)
  }

  /// How much the last day's scores owe to the features of each day before it: the mean magnitude over rows and symbols,
  /// `[steps, features]`, the last day last.
  public func byLag(
    of graph: Graph, scores: String = "scores", features: String = "features", on rows: TrainingData, seed: UInt64
  ) throws -> Tensor {
    guard let given = rows[features], let gradient = try ScoreGradient(graph, scores: scores, features: features) else {
      throw CompressionError("missing-data", subject: "attribution", expected: "rows with '\(features)'", found: "none", category: .usage)
    }
    let (values, shape) = (given.values(as: Float.self), given.shape)
    let (steps, symbols, width) = (shape[1], shape[2], shape[3])
    var generator = SeededGenerator(seed: seed, stream: "attribution/lags")
    var sums = [Float](repeating: 0, count: values.count)
    for point in points {
      let scaled = point == 1 ? given : Tensor(values.map { $0 * point }, shape: shape)
      var signs = [Float](repeating: 0, count: values.count / width)
      for row in 0..<shape[0] {
        for symbol in 0..<symbols { signs[(row * steps + steps - 1) * symbols + symbol] = generator.uniform() < 0.5 ? -1 : 1 }
      }
      let slopes = try gradient.slopes(rows.with(features, scaled), signs: signs)
      for cell in 0..<values.count / width {
        let (row, symbol) = (cell / (steps * symbols), cell % symbols)
        let sign = signs[(row * steps + steps - 1) * symbols + symbol]
        for place in cell * width..<(cell + 1) * width { sums[place] += sign * slopes[place] }
      }
    }
    var means = [Float](repeating: 0, count: steps * width)
    for (place, value) in values.enumerated() {
      means[place / (symbols * width) % steps * width + place % width] += abs(value * sums[place])
    }
    let share = 1 / Float(points.count * shape[0] * symbols)
    return Tensor(means.map { $0 * share }, shape: [steps, width])
  }

  /// Where slopes are taken, as shares of the way from zeros.
  private var points: [Float] {
    switch self {
    case .gradientTimesInput: [1]
    case .integratedGradients(let points): (0..<max(points, 1)).map { (Float($0) + 0.5) / Float(max(points, 1)) }
    }
  }
}

/// The slopes of a weighted sum of scores by the features.
private struct ScoreGradient {
  private let scorer: Scorer
  private let value: String
  private let weights = "attribution.signs"
  private let shape: ValueType

  /// Nil where the scores do not depend on the features.
  init?(_ graph: Graph, scores: String, features: String) throws {
    var builder = try GraphBuilder(graph)
    shape = try builder.type(of: scores)
    let signs = try builder.input(weights, shape)
    let product = try builder.apply("Mul", [scores, signs])
    let total = try builder.apply("ReduceSum", [product], attributes: ["keepdims": .int(0)])
    let differentiation = try Differentiation(of: total, in: builder.graph, by: [features])
    guard let gradient = differentiation.gradients[features] else { return nil }
    value = gradient
    scorer = Scorer(differentiation.graph, outputs: [gradient])
  }

  func slopes(_ rows: TrainingData, signs: [Float]) throws -> [Float] {
    guard let mask = rows[Graph.panelMask] else { return [] }
    return try scorer.run(rows.with(weights, Tensor(signs, shape: mask.shape)))[value]?.values(as: Float.self) ?? []
  }
}
