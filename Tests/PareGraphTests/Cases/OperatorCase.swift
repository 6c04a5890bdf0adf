import PareGraph
import PareTensor
import Testing

/// One node with its operands: what the laws of operators are tested on.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  enum Operand: Sendable {
    /// An input of the graph; the gradient by it is checked where it is floating point.
    case variable(Tensor)
    /// A parameter that nothing changes.
    case constant(Tensor)
    case absent

    var tensor: Tensor? {
      switch self {
      case .variable(let tensor), .constant(let tensor): tensor
      case .absent: nil
      }
    }
  }

  /// A bound on what rounding does to an output: `roundings` operations in a row, on numbers up to `magnitude`.
  struct Rounding: Sendable {
    var roundings: Int
    var magnitude: Double

    /// Nothing is rounded.
    static let exact = Rounding(0, upTo: 0)

    init(_ roundings: Int, upTo magnitude: Double) {
      self.roundings = roundings
      self.magnitude = magnitude
    }

    /// γₙ·M with γₙ = n·u / (1 − n·u) and u = 2⁻²⁴ (Higham 2002, Accuracy and Stability, §3.1).
    var bound: Double {
      let error = Double(roundings) * 0x1p-24
      return error / (1 - error) * magnitude
    }
  }

  var operatorName: OperatorName
  var variant: String
  var operands: [Operand]
  var attributes: [String: Attribute]
  var outputCount: Int
  var rounding: Rounding

  init(
    _ operatorName: OperatorName, _ variant: String, _ operands: [Operand], _ attributes: [String: Attribute] = [:],
    outputs outputCount: Int = 1, rounding: Rounding = .exact
  ) {
    self.operatorName = operatorName
    self.variant = variant
    self.operands = operands
    self.attributes = attributes
    self.outputCount = outputCount
    self.rounding = rounding
  }

  var testDescription: String { variant.isEmpty ? "\(operatorName)" : "\(operatorName) \(variant)" }

  /// The names of the operands in the graph: `x0`, `x1`, ….
  var operandNames: [String] {
    operands.enumerated().map { if case .absent = $0.element { "" } else { "x\($0.offset)" } }
  }

  var outputNames: [String] { (0..<outputCount).map { "y\($0)" } }

  var node: Node {
    Node(operatorName, name: "subject", inputs: operandNames, outputs: outputNames, attributes: attributes)
  }

  /// The variables by their names.
  var inputs: [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for (name, operand) in zip(operandNames, operands) {
      if case .variable(let tensor) = operand { inputs[name] = tensor }
    }
    return inputs
  }

  /// The case with its Float32 tensors in Float64.
  var widened: OperatorCase {
    func widen(_ tensor: Tensor) -> Tensor {
      tensor.elementType == .float32 ? Tensor(tensor.doubles, shape: tensor.shape) : tensor
    }
    var result = self
    result.operands = operands.map { operand in
      switch operand {
      case .variable(let tensor): .variable(widen(tensor))
      case .constant(let tensor): .constant(widen(tensor))
      case .absent: .absent
      }
    }
    return result
  }

  /// A graph under construction that holds the operands and the node.
  func builder() throws -> GraphBuilder {
    var builder = GraphBuilder(name: "case")
    for (name, operand) in zip(operandNames, operands) {
      switch operand {
      case .variable(let tensor): _ = try builder.input(name, ValueType(tensor))
      case .constant(let tensor): _ = try builder.parameter(name, tensor, isTrainable: false)
      case .absent: break
      }
    }
    try builder.append(node)
    return builder
  }

  func graph() throws -> Graph {
    var builder = try builder()
    for output in outputNames { try builder.output(output) }
    return builder.graph
  }

  /// The outputs for the operands, or for other values of the variables.
  func evaluate(
    _ inputs: [String: Tensor]? = nil, precision: ReferenceEvaluator.Precision = .stored
  ) throws -> [Tensor] {
    let results = try ReferenceEvaluator(graph(), precision: precision).run(inputs ?? self.inputs)
    return outputNames.compactMap { results[$0] }
  }
}

extension Tensor {
  /// Float32 numbers of a fixed sequence, of magnitude `0.05 ..< 2`: away from 0, where many functions have a kink.
  static func sample(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<shape.elementCount).map { _ in
      let magnitude = Float(0.05 + 1.95 * generator.uniform())
      return generator.uniform() < 0.5 ? -magnitude : magnitude
    }
    return Tensor(values, shape: shape)
  }

  /// The magnitudes of `sample`, not below 0.5: what a logarithm or a divisor may be.
  static func positiveSample(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    Tensor(sample(shape, seed: seed).values(as: Float.self).map { max($0.magnitude, 0.5) }, shape: shape)
  }

  static func axes(_ values: Int64...) -> Tensor { Tensor(values) }
}
