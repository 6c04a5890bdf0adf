import PareTensor

/// What losses over integer labels and their gradients have in common: shapes, labels and weights of a node.
struct CrossEntropy: Sendable {
  enum Reduction: String {
    case none, sum, mean
  }

  let reduction: Reduction
  /// The scores as lines of one score per class.
  let lines: AxisDecomposition
  private let node: Node
  private let ignoredLabel: Int?
  private let labelsAreWide: Bool
  /// Which input holds the labels; the weights follow.
  private let labels: Int
  private let hasWeights: Bool

  init(_ context: PreparationContext, scores: Int) throws {
    node = context.node
    reduction = try Self.reduction(node)
    lines = AxisDecomposition(try context.input(scores).shape, axis: 1)
    ignoredLabel = try node.attributes["ignore_index"].map { _ in try context.node.int("ignore_index", default: 0) }
    labelsAreWide = try context.input(scores + 1).elementType == .int64
    labels = scores + 1
    hasWeights = context.has(scores + 2)
  }

  static func reduction(_ node: Node) throws -> Reduction {
    let given = try node.string("reduction", default: "mean")
    guard let reduction = Reduction(rawValue: given) else {
      throw GraphError("attribute", node: node, expected: "reduction to be none, sum or mean", found: "'\(given)'")
    }
    return reduction
  }

  static func lossType(_ context: InferenceContext, scores index: Int) throws -> ValueType {
    let (scores, labels) = (try context.floatingPointInput(index), try context.input(index + 1))
    guard scores.rank >= 2, labels.dimensions == [scores.dimensions[0]] + scores.dimensions[2...],
      labels.elementType == .int32 || labels.elementType == .int64
    else {
      throw GraphError(
        "shape", node: context.node, expected: "scores [N, C, …] and int32 or int64 labels [N, …]",
        found: "\(scores) and \(labels)")
    }
    if context.has(index + 2) {
      let weights = try context.input(index + 2)
      guard weights == ValueType(scores.elementType, [scores.dimensions[1]]) else {
        throw GraphError(
          "shape", node: context.node, expected: "weights \(ValueType(scores.elementType, [scores.dimensions[1]]))",
          found: "\(weights)")
      }
    }
    return ValueType(scores.elementType, try reduction(context.node) == .none ? labels.dimensions : [])
  }

  static func logSumExp<Scalar: FloatingPointElement>(_ x: UnsafePointer<Scalar>, extent: Int, step: Int) -> Scalar {
    let greatest = Softmax.greatest(x, extent: extent, step: step)
    var sum: Scalar = 0
    for index in 0..<extent { sum += Scalar.exp(x[index * step] - greatest) }
    return greatest + Scalar.log(sum)
  }

  /// Calls `body(row, offset of the first score, label, weight)` for each label; one that is ignored is nil and weighs 0.
  @inline(__always)
  func forEachLabel<Scalar: FloatingPointElement>(
    _ buffers: EvaluationBuffers, _: Scalar.Type, _ body: (Int, Int, Int?, Scalar) throws -> Void
  ) throws {
    for block in 0..<lines.outer {
      for offset in 0..<lines.inner {
        let row = block * lines.inner + offset
        let line = block * lines.extent * lines.inner + offset
        let label =
          labelsAreWide
          ? Int(buffers.input(labels, as: Int64.self)[row]) : Int(buffers.input(labels, as: Int32.self)[row])
        if label == ignoredLabel {
          try body(row, line, nil, 0)
          continue
        }
        guard (0..<lines.extent).contains(label) else {
          throw GraphError(
            "label", node: node, expected: "labels in 0 ..< \(lines.extent)", found: "\(label) at position \(row)")
        }
        try body(row, line, label, hasWeights ? buffers.input(labels + 1, as: Scalar.self)[label] : 1)
      }
    }
  }

  /// What the gradient of each term is multiplied by: that of the loss, over the sum of the weights for a mean.
  @inline(__always)
  func scale<Scalar: FloatingPointElement>(
    _ buffers: EvaluationBuffers, _ dLoss: UnsafePointer<Scalar>
  ) throws -> Scalar {
    guard reduction == .mean else { return reduction == .sum ? dLoss[0] : 1 }
    var weights: Scalar = 0
    try forEachLabel(buffers, Scalar.self) { _, _, _, weight in weights += weight }
    return dLoss[0] / weights
  }
}
