import PareTensor
import RealModule

/// A function that a gate of a recurrent layer applies, with ONNX's names and defaults.
struct RecurrentActivation: Sendable, Hashable {
  enum Function: String, CaseIterable, Sendable {
    case relu = "Relu"
    case tanh = "Tanh"
    case sigmoid = "Sigmoid"
    case affine = "Affine"
    case leakyRelu = "LeakyRelu"
    case thresholdedRelu = "ThresholdedRelu"
    case scaledTanh = "ScaledTanh"
    case hardSigmoid = "HardSigmoid"
    case elu = "Elu"
    case softsign = "Softsign"
    case softplus = "Softplus"

    /// What a function takes unless told otherwise; nil for a parameter that it does not have.
    var defaults: (alpha: Double?, beta: Double?) {
      switch self {
      case .relu, .tanh, .sigmoid, .softsign, .softplus: (nil, nil)
      case .affine: (1, 0)
      case .leakyRelu: (0.01, nil)
      case .thresholdedRelu, .elu: (1, nil)
      case .scaledTanh: (1, 1)
      case .hardSigmoid: (0.2, 0.5)
      }
    }
  }

  let function: Function
  let alpha: Double
  let beta: Double

  init(_ function: Function, alpha: Double = 0, beta: Double = 0) {
    (self.function, self.alpha, self.beta) = (function, alpha, beta)
  }

  @inline(__always)
  func callAsFunction<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
    switch function {
    case .sigmoid: return 1 / (1 + Scalar.exp(-x))
    case .tanh: return Scalar.tanh(x)
    case .relu: return x < 0 ? 0 : x
    case .affine: return Scalar(alpha) * x + Scalar(beta)
    case .leakyRelu: return x < 0 ? Scalar(alpha) * x : x
    case .thresholdedRelu: return x < Scalar(alpha) ? 0 : x
    case .scaledTanh: return Scalar(alpha) * Scalar.tanh(Scalar(beta) * x)
    case .hardSigmoid:
      let line = Scalar(alpha) * x + Scalar(beta)
      return line < 0 ? 0 : line > 1 ? 1 : line
    case .elu: return x < 0 ? Scalar(alpha) * Scalar.expMinusOne(x) : x
    case .softsign: return x / (1 + abs(x))
    // Written so that the exponential does not overflow.
    case .softplus: return (x < 0 ? 0 : x) + Scalar.log(onePlus: Scalar.exp(-abs(x)))
    }
  }

  /// The derivative where the function's value is `y`.
  @inline(__always)
  func slope<Scalar: FloatingPointElement>(atValue y: Scalar) -> Scalar {
    switch function {
    case .sigmoid: return y * (1 - y)
    case .tanh: return 1 - y * y
    case .relu, .thresholdedRelu: return y > 0 ? 1 : 0
    case .affine: return Scalar(alpha)
    case .leakyRelu: return y > 0 ? 1 : Scalar(alpha)
    case .scaledTanh: return Scalar(beta) * (Scalar(alpha) - y * y / Scalar(alpha))
    case .hardSigmoid: return y > 0 && y < 1 ? Scalar(alpha) : 0
    case .elu: return y > 0 ? 1 : y + Scalar(alpha)
    case .softsign: return (1 - abs(y)) * (1 - abs(y))
    case .softplus: return -Scalar.expMinusOne(-y)
    }
  }

  /// Whether the value tells the slope: a function that takes one value at places of different slope has no gradient
  /// here, since only values are kept.
  var isToldByItsValue: Bool {
    switch function {
    case .relu, .tanh, .sigmoid, .affine, .hardSigmoid, .softsign, .softplus: true
    case .leakyRelu, .thresholdedRelu, .elu: alpha >= 0
    case .scaledTanh: alpha != 0
    }
  }
}

/// An activation of a value that is clipped first.
struct RecurrentGate: Sendable, Hashable {
  let activation: RecurrentActivation
  /// The argument is kept within ± this; infinite where it is not clipped.
  let limit: Double

  @inline(__always)
  func callAsFunction<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
    let limit = Scalar(limit)
    return activation(x > limit ? limit : x < -limit ? -limit : x)
  }

  /// The derivative where the gate's value is `y`: 0 where the argument was clipped.
  @inline(__always)
  func slope<Scalar: FloatingPointElement>(atValue y: Scalar) -> Scalar {
    if limit.isFinite {
      let (a, b) = (activation(Scalar(limit)), activation(-Scalar(limit)))
      if y >= max(a, b) || y <= min(a, b) { return 0 }
    }
    return activation.slope(atValue: y)
  }
}

extension RecurrentActivation {
  /// The activations of a node, direction by direction.
  ///
  /// Values of `activation_alpha` and `activation_beta` are taken in turn by the functions that have such a parameter.
  ///
  /// - Parameter standard: those of one direction where the node does not name any.
  /// - Throws: `graph.attribute` for another number of names, or one that ONNX does not have.
  static func activations(
    of node: Node, directions: Int, standard: [Function]
  ) throws(GraphError) -> [[RecurrentActivation]] {
    let names: [String]
    switch node.attributes["activations"] {
    case nil: names = []
    case .strings(let given): names = given
    case let other?: throw mistake(node, "attribute 'activations' to be strings", "\(other)")
    }
    var functions: [Function] = []
    for name in names {
      guard let function = Function(rawValue: name) else {
        let known = Function.allCases.map { $0.rawValue }.joined(separator: ", ")
        throw mistake(node, "activations among \(known)", "'\(name)'")
      }
      functions.append(function)
    }
    let count = standard.count * directions
    if functions.isEmpty { functions = (0..<directions).flatMap { _ in standard } }
    // The default that ONNX gives to RNN has a name for each of two directions, whatever the direction.
    if standard.count == 1, functions.count == 2, directions == 1 { functions.removeLast() }
    guard functions.count == count else {
      throw mistake(node, "\(count) activations", "\(functions.count)")
    }
    var alphas = try numbers(node, "activation_alpha")[...]
    var betas = try numbers(node, "activation_beta")[...]
    let activations = functions.map { function in
      let (alpha, beta) = function.defaults
      return RecurrentActivation(
        function, alpha: alpha.map { alphas.popFirst() ?? $0 } ?? 0, beta: beta.map { betas.popFirst() ?? $0 } ?? 0)
    }
    return (0..<directions).map { Array(activations[$0 * standard.count..<($0 + 1) * standard.count]) }
  }

  private static func numbers(_ node: Node, _ attribute: String) throws(GraphError) -> [Double] {
    switch node.attributes[attribute] {
    case nil: return []
    case .floats(let given): return given
    case .ints(let given): return given.map(Double.init)
    case let other?: throw mistake(node, "attribute '\(attribute)' to be numbers", "\(other)")
    }
  }

  private static func mistake(_ node: Node, _ expected: String, _ found: String) -> GraphError {
    GraphError("attribute", node: node, expected: expected, found: found)
  }
}
