import PareGraph
import PareModels
import PareTensor

extension BoostedTrees {
  /// The graph of the trees: `features [batch, F]` to `logits [batch, K]` and `probabilities`, their softmax, as networks
  /// have them; or to `prediction [batch, K]` where the margins are numbers.
  ///
  /// Logits are the margins, to the bit. Of two classes with one margin m they are `[0, m]`, whose softmax is
  /// `[1 − σ(m), σ(m)]`, within the rounding of exp and a division. NaN goes where the trees send what is missing.
  ///
  /// - Parameters:
  ///   - rowShape: extents of one row, whose product is the number of features; windows are flattened.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.tree` for trees that do not fit together; `graph.architecture`, category usage, for a row of another
  ///   width, or a decision where there are no classes.
  public func graph(
    name: String = "boosted_trees", input: String = "features", rowShape: [Int]? = nil, normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    let row = rowShape ?? [featureCount]
    guard Shape.checkedElementCount(row) == featureCount else {
      throw GraphError(
        "architecture", subject: name, expected: "rows of \(featureCount) features", found: "\(row)", category: .usage)
    }
    guard output != .numbers || thresholds == nil else {
      throw GraphError(
        "architecture", subject: name, expected: "classes for a decision", found: "trees that yield numbers", category: .usage)
    }
    var builder = GraphBuilder(name: name)
    var value = try builder.input(input, ValueType(.float32, ["batch"] + row.map(Dimension.fixed)))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    if row.count > 1 { value = try builder.apply("Flatten", [value], name: "flatten") }
    let isBinary = output == .binary
    let columns = baseMargins.count + (isBinary ? 1 : 0)
    let arrays = EnsembleArrays(self, firstColumn: isBinary ? 1 : 0)
    let isNumbers = output == .numbers
    value = try arrays.write(value, columns: columns, output: isNumbers ? "prediction" : "logits", in: &builder)
    if isNumbers { try builder.output(value) } else { try builder.classify(value, thresholds: thresholds) }
    return builder.graph
  }
}
