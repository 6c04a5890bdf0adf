import PareGraph
import PareTensor

/// Cross-entropy of a softmax with integer labels, a mean over the rows: `mean_i w_i · l_i` with
/// `l_i = −(1 − ε) · log softmax(z_i)[label_i] − ε/K · Σ_k log softmax(z_i)[k]`.
///
/// The row's weight `w_i` is its class's times its own, 1 where neither is given. The sum is divided by the number of
/// rows and not by the sum of the weights, so that every row counts the same in whatever batch it comes.
///
/// - Shapes: `logits [batch, K]`, `labels [batch]` of Int64 in `0 ..< K`, weights of rows `[batch]` of Float32.
/// - Source: label smoothing is that of Szegedy et al. 2016, arXiv:1512.00567, §7, with a uniform prior.
public struct CrossEntropy: Loss {
  /// The value that holds the logits.
  public var logits: String
  /// The input that holds the labels; added to the graph.
  public var labels: String
  /// ε, in `0 ..< 1`: the share of the target that is spread over all classes.
  public var labelSmoothing: Double
  /// A weight of at least 0 for each class.
  public var classWeights: [Double]?
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(
    logits: String = "logits", labels: String = "labels", labelSmoothing: Double = 0, classWeights: [Double]? = nil,
    rowWeights: String? = nil
  ) {
    self.logits = logits
    self.labels = labels
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
    self.rowWeights = rowWeights
  }

  /// Weights under which each class counts the same: `rows / (K · rows of the class)`, 0 for a class without rows.
  ///
  /// - Parameter labels: one per row; what is not in `0 ..< classCount` counts for nothing.
  public static func balancedWeights(_ labels: Tensor, classCount: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: classCount)
    for label in labels.doubles where label >= 0 && label < Double(classCount) { counts[Int(label)] += 1 }
    let present = Double(counts.count { $0 > 0 })
    let total = counts.reduce(0, +)
    return counts.map { $0 > 0 ? total / (present * $0) : 0 }
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: logits)
    guard type.rank == 2 else {
      throw TrainingError("loss-input", subject: "value '\(logits)'", expected: "logits [batch, K]", found: "\(type)")
    }
    guard (0..<1).contains(labelSmoothing) else {
      throw TrainingError(
        "label-smoothing", subject: "label smoothing", expected: "a share in 0 ..< 1", found: "\(labelSmoothing)",
        category: .usage)
    }
    let labels = try builder.requiredInput(labels, ValueType(.int64, [type.dimensions[0]]))
    if labelSmoothing == 0, classWeights == nil, rowWeights == nil {
      return try builder.apply(
        "SoftmaxCrossEntropyLoss", [logits, labels], attributes: ["reduction": .string("mean")])
    }
    var rows = try builder.apply(
      "SoftmaxCrossEntropyLoss", [logits, labels], attributes: ["reduction": .string("none")])
    if labelSmoothing > 0 {
      let spread = try builder.rowMeans(builder.apply("LogSoftmax", [logits]))
      rows = try builder.apply(
        "Sub", [builder.scaled(rows, by: 1 - labelSmoothing), builder.scaled(spread, by: labelSmoothing)])
    }
    if let weights = try classWeightTensor(type) {
      let weights = try builder.apply("Gather", [builder.constant(weights, named: "classWeights"), labels])
      rows = try builder.apply("Mul", [rows, weights])
    }
    return try builder.mean(rows, weightedBy: rowWeights)
  }

  private func classWeightTensor(_ type: ValueType) throws -> Tensor? {
    guard let classWeights else { return nil }
    let expected = type.dimensions[1].fixedValue
    guard classWeights.allSatisfy({ $0 >= 0 && $0.isFinite }), expected == nil || expected == classWeights.count else {
      throw TrainingError(
        "class-weights", subject: "class weights", expected: "\(type.dimensions[1]) numbers of at least 0",
        found: "\(classWeights)", category: .usage)
    }
    return type.elementType == .float64 ? Tensor(classWeights) : Tensor(classWeights.map { Float($0) })
  }
}
