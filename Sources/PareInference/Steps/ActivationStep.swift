import CPareKernels
import PareGraph
import PareTensor

/// A function of each element by itself, of any shape.
///
/// Bounds and equality to the bit as in `ElementwiseForms` of PareTraining, whose passes these are.
struct ActivationStep: StepKind {
  private enum Function: Sendable {
    case unary(KeyPath<pare_elementwise_kernels, pare_unary_f32?> & Sendable)
    case parametric(KeyPath<pare_elementwise_kernels, pare_parametric_f32?> & Sendable, Float, Float)
    case clip(low: Float, high: Float)
    case leakyRelu(slope: Float)
  }

  private let name: String
  private let function: Function
  private let count: Int

  static let operators: [OperatorName] = [
    "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Gelu", "Elu", "Swish", "HardSigmoid", "HardSwish", "Softplus", "Mish", "Clip",
    "Exp", "Log", "Sqrt", "Reciprocal", "Abs", "Neg", "Erf", "Pow",
  ]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.outputs.count == 1, graph.areFloat32([node.inputs[0], node.outputs[0]]), !graph.isParameter(node.inputs[0]),
      graph.shape(node.inputs[0]) == graph.shape(node.outputs[0]), let function = try function(node, graph)
    else { return nil }
    let step = ActivationStep(
      name: node.operatorName.type.lowercased(), function: function, count: graph.shape(node.outputs[0]).elementCount)
    return PlannedStep(step, nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  private static func function(_ node: Node, _ graph: StepGraph) throws -> Function? {
    func number(_ name: String, _ value: Double) throws -> Float { Float(try node.float(name, default: value)) }
    switch node.operatorName.type {
    case "Relu": return .unary(\.relu)
    case "Sigmoid": return .unary(\.sigmoid)
    case "Tanh": return .unary(\.tanh)
    case "Gelu":
      return try node.string("approximate", default: "none") == "tanh" ? .unary(\.gelu_by_tanh) : .unary(\.gelu)
    case "HardSwish": return .unary(\.hard_swish)
    case "Softplus": return .unary(\.softplus)
    case "Mish": return .unary(\.mish)
    case "Exp": return .unary(\.exponential)
    case "Log": return .unary(\.logarithm)
    case "Sqrt": return .unary(\.square_root)
    case "Reciprocal": return .unary(\.reciprocal)
    case "Abs": return .unary(\.absolute)
    case "Neg": return .unary(\.negate)
    case "Erf": return .unary(\.error_function)
    case "Pow":
      guard let exponent = graph.constant(node.inputs[1]), exponent.elementCount == 1, exponent.doubles == [2] else { return nil }
      return .unary(\.square)
    case "Elu": return .parametric(\.elu, try number("alpha", 1), 0)
    case "Swish": return .parametric(\.swish, try number("alpha", 1), 0)
    case "HardSigmoid": return .parametric(\.hard_sigmoid, try number("alpha", 0.2), try number("beta", 0.5))
    case "LeakyRelu": return .leakyRelu(slope: try number("alpha", 0.01))
    case "Clip":
      guard let low = graph.scalar(node.input(1), default: -.infinity), let high = graph.scalar(node.input(2), default: .infinity)
      else { return nil }
      return .clip(low: low, high: high)
    default: return nil
    }
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    switch function {
    case .unary: kernels.passes.step(name, pare_step_unary)
    case .parametric, .clip: kernels.passes.step(name, pare_step_parametric)
    case .leakyRelu: kernels.passes.step(name, pare_step_leaky_relu)
    }
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let passes = site.passes.tables.elementwise.pointee
    switch function {
    case .unary(let path):
      return site.pool.place(pare_unary_step(function: passes[keyPath: path], count: count))
    case .parametric(let path, let alpha, let beta):
      return site.pool.place(pare_parametric_step(function: passes[keyPath: path], alpha: alpha, beta: beta, count: count))
    case .clip(let low, let high):
      return site.pool.place(pare_parametric_step(function: passes.clip, alpha: low, beta: high, count: count))
    case .leakyRelu(let slope):
      return site.pool.place(pare_leaky_relu_step(function: passes.leaky_relu, slope: slope, count: count))
    }
  }
}
