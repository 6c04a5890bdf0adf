import PareGraph
import PareTensor
import RealModule

/// What changing the position costs: `mean |p_t − p_{t−1}|` with the expected position `p = Σ_k position_k · softmax(z)_k`.
///
/// Rows of a shuffled batch have no neighbours in it, so the position before each is an input that was recorded: that of
/// the teacher, or of an earlier pass of the student, at the row before. It does not move with the student's weights. On
/// sequences, where the steps stand side by side, each is compared with the student's own step before, and gradients
/// reach both; nothing is recorded, and the first step of each counts for nothing.
///
/// - Shapes: `logits [batch, K]` with previous `[batch]` of the logits' type, or `logits [batch, steps, K]`.
public struct TurnoverPenalty: Loss {
  /// The value that holds the logits.
  public var logits: String
  /// The position that each class stands for, as `[-1, 0, 1]`.
  public var positions: [Double]
  /// The input that holds the positions before, added to the graph; not used on sequences.
  public var previous: String
  /// The input that holds a weight for each row, as its share of the fee; added to the graph. Not for sequences.
  public var rowWeights: String?

  public init(
    logits: String = "logits", positions: [Double] = [-1, 0, 1], previous: String = "previousPosition",
    rowWeights: String? = nil
  ) {
    self.logits = logits
    self.positions = positions
    self.previous = previous
    self.rowWeights = rowWeights
  }

  /// The expected positions of some logits `[rows, K]`, to be recorded and given as `previous` to the row behind each.
  ///
  /// - Precondition: as many columns as positions.
  public static func expectedPositions(of logits: Tensor, positions: [Double] = [-1, 0, 1]) -> Tensor {
    precondition(logits.shape.rank == 2 && logits.shape[1] == positions.count)
    let values = logits.doubles
    return Tensor((0..<logits.shape[0]).map { row in
      let line = values[row * positions.count..<(row + 1) * positions.count]
      let highest = line.max() ?? 0
      let weights = line.map { Double.exp($0 - highest) }
      return Float(zip(weights, positions).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +))
    })
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: logits)
    guard [2, 3].contains(type.rank), type.dimensions.last == .fixed(positions.count), positions.allSatisfy(\.isFinite) else {
      throw TrainingError(
        "loss-input", subject: "value '\(logits)'", expected: "logits [batch, K] or [batch, steps, K], K = \(positions.count)",
        found: "\(type)")
    }
    let values = type.elementType == .float64 ? Tensor(positions) : Tensor(positions.map { Float($0) })
    let classes = try builder.constant(values, named: "positions")
    let expected = try builder.rowSums(builder.product(builder.apply("Softmax", [logits]), classes))
    if type.rank == 2 {
      let before = try builder.requiredInput(previous, ValueType(type.elementType, [type.dimensions[0]]))
      let change = try builder.apply("Abs", [builder.difference(of: expected, and: before)])
      return try builder.mean(change, weightedBy: rowWeights)
    }
    guard let steps = type.dimensions[1].fixedValue, steps > 1, rowWeights == nil else {
      throw TrainingError("loss-input", subject: "value '\(logits)'", expected: "two steps or more, and no weights of rows", found: "\(type)")
    }
    func range(_ bounds: Range<Int>) throws -> String {
      try builder.apply("Slice", [expected, builder.axes(bounds.lowerBound), builder.axes(bounds.upperBound), builder.axes(1)])
    }
    return try builder.mean(builder.apply("Abs", [builder.difference(of: range(1..<steps), and: range(0..<steps - 1))]))
  }
}
