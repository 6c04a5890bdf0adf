import PareTensor

/// What Softmax and LogSoftmax share: one `axis`, −1 by default, along which lines are normalized.
protocol SoftmaxOperator: FloatingPointOperator {
  /// Normalizes one line of `extent` elements `step` apart.
  static func normalize<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, extent: Int, step: Int)
  static var gradientName: OperatorName { get }
}

extension SoftmaxOperator {
  public static var inputCount: ClosedRange<Int> { 1...1 }
  public static var attributeNames: [String] { ["axis"] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    _ = try context.node.axis(default: -1, rank: x.rank)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let lines = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      lines.forEachLine { normalize(x + $0, into: y + $0, extent: lines.extent, step: lines.inner) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let axis = Attribute.int(try context.node.int("axis", default: -1))
    return [try context.apply(gradientName, [dy, context.node.outputs[0]], ["axis": axis])]
  }
}

/// `Y = exp(X − max X) / Σ exp(X − max X)` along an axis. A line that holds NaN becomes NaN. Source: ONNX Softmax.
public enum Softmax: SoftmaxOperator {
  public static let name: OperatorName = "Softmax"
  static let gradientName = SoftmaxGradient.name

  static func normalize<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, extent: Int, step: Int
  ) {
    let greatest = greatest(x, extent: extent, step: step)
    var sum: Scalar = 0
    for index in 0..<extent {
      let weight = Scalar.exp(x[index * step] - greatest)
      y[index * step] = weight
      sum += weight
    }
    for index in 0..<extent { y[index * step] /= sum }
  }

  static func greatest<Scalar: FloatingPointElement>(_ x: UnsafePointer<Scalar>, extent: Int, step: Int) -> Scalar {
    var greatest = -Scalar.infinity
    for index in 0..<extent where x[index * step] > greatest { greatest = x[index * step] }
    return greatest
  }
}

/// `Y = X − max X − ln Σ exp(X − max X)` along an axis. Source: ONNX LogSoftmax.
public enum LogSoftmax: SoftmaxOperator {
  public static let name: OperatorName = "LogSoftmax"
  static let gradientName = LogSoftmaxGradient.name

  static func normalize<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, extent: Int, step: Int
  ) {
    let greatest = Softmax.greatest(x, extent: extent, step: step)
    var sum: Scalar = 0
    for index in 0..<extent { sum += Scalar.exp(x[index * step] - greatest) }
    let logarithm = Scalar.log(sum)
    for index in 0..<extent { y[index * step] = x[index * step] - greatest - logarithm }
  }
}

/// The gradient of a normalization along an axis. Inputs: dY and the output Y.
protocol SoftmaxGradientOperator: FloatingPointOperator {
  static func differentiate<Scalar: FloatingPointElement>(
    _ dy: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into dx: UnsafeMutablePointer<Scalar>, extent: Int, step: Int)
}

extension SoftmaxGradientOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }
  public static var attributeNames: [String] { ["axis"] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let y = try context.equalInputs(0, 1)
    _ = try context.node.axis(default: -1, rank: y.rank)
    return [y]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let lines = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let y = buffers.input(1, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      lines.forEachLine { differentiate(dy + $0, y + $0, into: dx + $0, extent: lines.extent, step: lines.inner) }
    }
  }
}

/// `dX = Y · (dY − Σ dY · Y)` along an axis. Inputs: dY and the output Y of Softmax.
public enum SoftmaxGradient: SoftmaxGradientOperator {
  public static let name: OperatorName = "pare.SoftmaxGradient"

  static func differentiate<Scalar: FloatingPointElement>(
    _ dy: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into dx: UnsafeMutablePointer<Scalar>, extent: Int, step: Int
  ) {
    var inner: Scalar = 0
    for index in 0..<extent { inner += dy[index * step] * y[index * step] }
    for index in 0..<extent { dx[index * step] = y[index * step] * (dy[index * step] - inner) }
  }
}

/// `dX = dY − exp(Y) · Σ dY` along an axis. Inputs: dY and the output Y of LogSoftmax.
public enum LogSoftmaxGradient: SoftmaxGradientOperator {
  public static let name: OperatorName = "pare.LogSoftmaxGradient"

  static func differentiate<Scalar: FloatingPointElement>(
    _ dy: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into dx: UnsafeMutablePointer<Scalar>, extent: Int, step: Int
  ) {
    var sum: Scalar = 0
    for index in 0..<extent { sum += dy[index * step] }
    for index in 0..<extent { dx[index * step] = dy[index * step] - Scalar.exp(y[index * step]) * sum }
  }
}
