import PareGraph
import PareTensor

/// Cross-entropy of a cross-section's softmaxes with integer labels: `mean_i (1/N) Σ_n l_in` over rows i and symbols n with
/// `l_in = −log softmax(z_in)[label_in]`, 0 where the label is −1.
///
/// The sum is divided by the number of symbols and not by that of those present, so that every symbol counts the same in
/// whatever row and batch it comes, and no row's part depends on other rows.
///
/// - Shapes: `logits [batch, symbols, K]`, `labels [batch, symbols]` of Int64, −1 or in `0 ..< K`; weights of rows `[batch]`.
public struct CrossSectionCrossEntropy: Loss {
  /// The label of a symbol that counts for nothing.
  public static let absent: Int64 = -1

  /// The value that holds the logits.
  public var logits: String
  /// The input that holds the labels; added to the graph.
  public var labels: String
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(logits: String = "logits", labels: String = "labels", rowWeights: String? = nil) {
    self.logits = logits
    self.labels = labels
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: logits)
    guard type.rank == 3, let symbols = type.dimensions[1].fixedValue, let classes = type.dimensions[2].fixedValue,
      symbols > 0, classes > 0
    else {
      throw TrainingError(
        "loss-input", subject: "value '\(logits)'", expected: "logits [batch, symbols, K] of known extents but for the batch",
        found: "\(type)")
    }
    let labels = try builder.requiredInput(labels, ValueType(.int64, Array(type.dimensions.dropLast())))
    func reshape(_ value: String, _ shape: [Int64]) throws -> String {
      try builder.apply("Reshape", [value, builder.constant(Tensor(shape), named: "extents")])
    }
    let terms = try builder.apply(
      "SoftmaxCrossEntropyLoss", [reshape(logits, [-1, Int64(classes)]), reshape(labels, [-1])],
      attributes: ["reduction": .string("none"), "ignore_index": .int(Int(Self.absent))])
    return try builder.mean(builder.rowMeans(reshape(terms, [-1, Int64(symbols)])), weightedBy: rowWeights)
  }
}
