import PareTensor

/// Conv or ConvTranspose: X, W and an optional bias per channel of the output.
package protocol ConvolutionOperator: Operator {
  /// The numbers of a node whose X and W have these shapes.
  static func problem(_ node: Node, x: Shape, w: Shape) throws -> ConvolutionProblem

  /// The extents of Y, for the kernel's extents; those of X may be names.
  static func spatialDimensions(_ node: Node, x: [Dimension], kernel: [Int]) throws -> [Dimension]

  /// Whether X is the side over which the window slides.
  static var gathers: Bool { get }
}

extension ConvolutionOperator {
  public static var inputCount: ClosedRange<Int> { 2...3 }
  public static var weightInputs: Set<Int> { [1, 2] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, w) = (try context.floatingPointInput(0), try context.floatingPointInput(1))
    let y = try outputType(context.node, x: x, w: w)
    if context.has(2) {
      let bias = try context.input(2)
      guard bias == ValueType(y.elementType, [y.dimensions[1]]) else {
        throw GraphError("shape", node: context.node, expected: "a bias per channel of \(y)", found: "\(bias)")
      }
    }
    return [y]
  }

  static func outputType(_ node: Node, x: ValueType, w: ValueType) throws -> ValueType {
    guard x.rank >= 3, x.rank == w.rank, x.elementType == w.elementType else {
      throw GraphError(
        "shape", node: node, expected: "X [batch, channels, extents…] and W of as many axes, of one type",
        found: "\(x) and \(w)")
    }
    let fixed = w.dimensions.compactMap(\.fixedValue)
    guard fixed.count == w.rank, let channels = x.dimensions[1].fixedValue else {
      throw GraphError(
        "constant", node: node, expected: "numbers for the extents of W and the channels of X", found: "\(w) and \(x)")
    }
    let groups = try node.int("group", default: 1)
    // The first extent of W belongs to the narrow side, the second times the groups to the wide one.
    guard groups > 0, fixed[0] % groups == 0, let wide = Shape.checkedElementCount([fixed[1], groups]),
      channels == (gathers ? wide : fixed[0])
    else {
      throw GraphError(
        "shape", node: node, expected: "channels that W's \(fixed[0]) by \(fixed[1]) in \(groups) groups take",
        found: "\(channels)")
    }
    let spatial = try spatialDimensions(node, x: Array(x.dimensions[2...]), kernel: Array(fixed[2...]))
    return ValueType(x.elementType, [x.dimensions[0], .fixed(gathers ? fixed[0] : wide)] + spatial)
  }

  /// The numbers of a node from its geometry.
  static func problem(_ node: Node, batch: Int, w: Shape, geometry: WindowGeometry) throws -> ConvolutionProblem {
    let groups = try node.int("group", default: 1)
    return ConvolutionProblem(
      batch: batch, groups: groups, channels: w[1], filters: w[0] / groups, geometry: geometry)
  }

  /// dX slides or spreads the other way, dW correlates both sides, dB sums dY over all but the channels.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let (x, w) = (node.inputs[0], node.inputs[1])
    let gradients = try [
      context.ifWanted(0) { try $0.apply(ConvolutionInputGradient<Self>.name, [dy, w, x], node.attributes) },
      context.ifWanted(1) { try $0.apply(ConvolutionWeightGradient<Self>.name, [dy, x, w], node.attributes) },
      context.ifWanted(2) {
        let rank = try $0.type(of: dy).rank
        let axes = try $0.builder.constant(Tensor([0] + (2..<Int64(rank))), named: "axes")
        return try $0.apply(ReduceSum.name, [dy, axes], ["keepdims": .int(0)])
      },
    ]
    return Array(gradients.prefix(node.inputs.count))
  }
}

/// `Y[n, f] = B[f] + Σ W[f, c, tap] · X[n, c, …]` over the channels of the filter's group and the taps of the window.
///
/// - Shapes: `X [N, C, D1, …]`, `W [M, C / group, k1, …]`, `B [M]` → `Y [N, M, …]`, 1 to 3 spatial axes.
/// - Source: ONNX Conv.
public enum Conv: ConvolutionOperator, FloatingPointOperator {
  public static let name: OperatorName = "Conv"
  public static let attributeNames = WindowAttributes.names + ["group"]
  package static let gathers = true

  package static func problem(_ node: Node, x: Shape, w: Shape) throws -> ConvolutionProblem {
    let window = try WindowAttributes(node, rank: x.rank - 2, kernel: Array(w.dimensions[2...]))
    return try problem(node, batch: x[0], w: w, geometry: try window.geometry(over: Array(x.dimensions[2...])))
  }

  package static func spatialDimensions(_ node: Node, x: [Dimension], kernel: [Int]) throws -> [Dimension] {
    try WindowAttributes(node, rank: x.count, kernel: kernel).outputDimensions(x)
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try problem(context.node, x: context.input(0).shape, w: context.input(1).shape)
    let hasBias = context.has(2)
    return { buffers in
      let bias = hasBias ? buffers.input(2, as: Scalar.self) : nil
      problem.gather(wide: buffers.input(0), weights: buffers.input(1), bias: bias, narrow: buffers.output(as: Scalar.self))
    }
  }
}

/// The gradient of a convolution by its X. Inputs: dY, W and X, of which only the shape matters; its attributes.
package enum ConvolutionInputGradient<Convolution: ConvolutionOperator>: FloatingPointOperator {
  package static var name: OperatorName { OperatorName(Convolution.name.type + "InputGradient", domain: "pare") }
  package static var inputCount: ClosedRange<Int> { 3...3 }
  package static var attributeNames: [String] { Convolution.attributeNames }

  package static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (w, x) = (try context.floatingPointInput(1), try context.floatingPointInput(2))
    return [try context.convolutionGradient(Convolution.self, x: x, w: w, of: x)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try Convolution.problem(context.node, x: context.input(2).shape, w: context.input(1).shape)
    return { buffers in
      let dx = buffers.output(as: Scalar.self)
      if Convolution.gathers {
        problem.scatter(narrow: buffers.input(0), weights: buffers.input(1), bias: nil, wide: dx)
      } else {
        problem.gather(wide: buffers.input(0), weights: buffers.input(1), bias: nil, narrow: dx)
      }
    }
  }
}

/// The gradient of a convolution by its W. Inputs: dY, X and W, of which only the shape matters; its attributes.
package enum ConvolutionWeightGradient<Convolution: ConvolutionOperator>: FloatingPointOperator {
  package static var name: OperatorName { OperatorName(Convolution.name.type + "WeightGradient", domain: "pare") }
  package static var inputCount: ClosedRange<Int> { 3...3 }
  package static var attributeNames: [String] { Convolution.attributeNames }

  package static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, w) = (try context.floatingPointInput(1), try context.floatingPointInput(2))
    return [try context.convolutionGradient(Convolution.self, x: x, w: w, of: w)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try Convolution.problem(context.node, x: context.input(1).shape, w: context.input(2).shape)
    return { buffers in
      let dw = buffers.output(as: Scalar.self)
      if Convolution.gathers {
        problem.correlate(narrow: buffers.input(0), wide: buffers.input(1), weights: dw)
      } else {
        problem.correlate(narrow: buffers.input(1), wide: buffers.input(0), weights: dw)
      }
    }
  }
}

extension InferenceContext {
  /// The type of a gradient, after a check that input 0 is of the type of the convolution's Y.
  fileprivate func convolutionGradient<Convolution: ConvolutionOperator>(
    _: Convolution.Type, x: ValueType, w: ValueType, of subject: ValueType
  ) throws -> ValueType {
    let (dy, y) = (try input(0), try Convolution.outputType(node, x: x, w: w))
    guard dy == y else { throw GraphError("shape", node: node, expected: "dY \(y)", found: "\(dy)") }
    return subject
  }
}
