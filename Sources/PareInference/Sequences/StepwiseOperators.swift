import PareGraph
import PareTensor

/// Operators that leave the steps of time apart, and where they leave the axis of time.
struct StepwiseOperators {
  /// By value; extents that are not known are 1.
  let extents: [String: [Int]]
  let graph: Graph

  /// Element by element, whatever is broadcast.
  static let elementwise: Set<OperatorName> = [
    "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Clip", "Relu", "LeakyRelu", "PRelu", "Elu", "Celu", "Selu", "Gelu",
    "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus", "Softsign", "Exp", "Log", "Sqrt", "Abs", "Neg", "Sign",
    "Erf", "Mish", "Cast", "Identity", "Dropout", "Where", "IsNaN", "pare.QuantizeByReciprocal",
  ]

  private func extents(_ value: String) -> [Int] { extents[value] ?? [] }

  /// The elements of a constant; nil for what is computed or not given.
  func integers(_ value: String?) -> [Int]? {
    value.flatMap { graph.parameters[$0]?.storage.decoded() }?.doubles.map { Int($0) }
  }

  /// Where an operator on one value leaves the axis of time; nil where it mixes steps.
  ///
  /// - Parameter axis: that of the first input; the others have none.
  func axisKept(by node: Node, _ axis: Int) throws -> Int? {
    let (before, after) = (extents(node.inputs[0]), extents(node.outputs[0]))
    let rank = before.count
    func wrapped(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }
    switch node.operatorName.description {
    case "Transpose":
      return (try node.ints("perm") ?? Array((0..<rank).reversed())).firstIndex(of: axis)
    case "Squeeze":
      guard let axes = integers(node.input(1))?.map(wrapped), !axes.contains(axis) else { return nil }
      return axis - axes.count { $0 < axis }
    case "Unsqueeze":
      let axes = Set(integers(node.input(1))?.map { $0 < 0 ? $0 + after.count : $0 } ?? [])
      return after.indices.filter { !axes.contains($0) }[axis]
    case "Reshape":
      let ahead = before[..<axis].reduce(1, *)
      return after.indices.first { after[$0] == before[axis] && after[..<$0].reduce(1, *) == ahead }
    case "Gather":
      let along = wrapped(try node.int("axis", default: 0))
      return along == axis ? nil : along < axis ? axis + extents(node.inputs[1]).count - 1 : axis
    case "Slice":
      guard let starts = integers(node.input(1)) else { return nil }
      let axes = node.input(3) == nil ? Array(starts.indices) : integers(node.input(3))?.map(wrapped)
      return axes.map { $0.contains(axis) } == false ? axis : nil
    case "MatMul":
      let (right, other) = (rank - axis, extents(node.inputs[1]))
      guard axis < rank - 1, other.count <= 2 || right <= 2 || other.count < right || other[other.count - right] == 1 else {
        return nil
      }
      return after.count - (other.count == 1 ? right - 1 : right)
    case "Gemm":
      let bias = node.input(2).map(extents) ?? []
      return try axis == 0 && node.int("transA", default: 0) == 0 && (bias.count < 2 || bias[0] == 1) ? 0 : nil
    case "pare.QuantizedDense", "pare.QuantizedGroupDense": return axis < rank - 1 ? axis : nil
    case "Softmax", "LogSoftmax", "Hardmax": return wrapped(try node.int("axis", default: -1)) == axis ? nil : axis
    case "LayerNormalization", "RMSNormalization": return axis < wrapped(try node.int("axis", default: -1)) ? axis : nil
    case "BatchNormalization": return axis == 1 ? nil : axis
    case "QuantizeLinear", "DequantizeLinear":
      return try extents(node.inputs[1]).reduce(1, *) == 1 || wrapped(node.int("axis", default: 1)) != axis ? axis : nil
    case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare":
      guard let axes = integers(node.input(1))?.map(wrapped), !axes.isEmpty, !axes.contains(axis) else { return nil }
      return try node.int("keepdims", default: 1) != 0 ? axis : axis - axes.count { $0 < axis }
    default: return nil
    }
  }
}
