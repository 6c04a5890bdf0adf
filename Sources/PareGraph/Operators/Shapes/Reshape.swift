import PareTensor

/// The same elements under another shape, given as a constant.
///
/// In the shape, 0 keeps the extent of X at that place (unless `allowzero`, which makes it the extent 0), and one −1
/// stands for what is left. A symbolic extent is kept by 0, or by −1 where nothing else is left.
///
/// - Source: ONNX Reshape.
public enum Reshape: CopyingOperator {
  public static let name: OperatorName = "Reshape"
  public static let inputCount = 2...2
  public static let attributeNames = ["allowzero"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let x = try context.input(0)
    let target = try context.extents(1, meaning: "a shape") ?? []
    let keepsZero = try node.int("allowzero", default: 0) != 0
    func mismatch() -> GraphError {
      GraphError("shape", node: node, expected: "a shape with as many elements as \(x)", found: "\(target)")
    }
    var rest: Int?
    var dimensions: [Dimension] = []
    for (position, extent) in target.enumerated() {
      switch extent {
      case .fixed(-1) where rest == nil:
        rest = position
        dimensions.append(1)
      case .fixed(0) where !keepsZero:
        guard position < x.rank else { throw mismatch() }
        dimensions.append(x.dimensions[position])
      case .fixed(..<0): throw mismatch()
      default: dimensions.append(extent)
      }
    }
    guard let from = DimensionProduct(x.dimensions), let to = DimensionProduct(dimensions) else { throw mismatch() }
    if let rest {
      guard let quotient = from.dividing(by: to) else { throw mismatch() }
      dimensions[rest] = quotient
    } else if from != to {
      throw mismatch()
    }
    return [ValueType(x.elementType, dimensions)]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let dx = try context.apply(ReshapeLike.name, [dy, context.node.inputs[0]])
    return context.onlyByFirst(dx)
  }
}

/// X as a matrix: the extents before `axis` (1 by default) make the rows, the others the columns. Source: ONNX Flatten.
public enum Flatten: CopyingOperator {
  public static let name: OperatorName = "Flatten"
  public static let inputCount = 1...1
  public static let attributeNames = ["axis"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let axis = try context.node.axis(default: 1, rank: x.rank, limit: x.rank + 1)
    guard let rows = DimensionProduct(x.dimensions[..<axis]), let columns = DimensionProduct(x.dimensions[axis...]) else {
      throw GraphError("shape", node: context.node, expected: "extents whose products fit", found: "\(x) at axis \(axis)")
    }
    return [ValueType(x.elementType, [rows.dimension, columns.dimension])]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(ReshapeLike.name, [dy, context.node.inputs[0]])]
  }
}

/// X without some of its extents of 1: those of the constant `axes`, or all. Source: ONNX Squeeze.
public enum Squeeze: CopyingOperator {
  public static let name: OperatorName = "Squeeze"
  public static let inputCount = 1...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let ones = x.dimensions.indices.filter { x.dimensions[$0] == 1 }
    let given = try context.node.integers(1, context.constant(1), meaning: "axes") ?? ones
    let axes = try context.node.normalizedAxes(given, rank: x.rank)
    guard axes.allSatisfy(ones.contains) else {
      throw GraphError("shape", node: context.node, expected: "extents of 1 at axes \(axes)", found: "\(x)")
    }
    return [ValueType(x.elementType, x.dimensions.indices.filter { !axes.contains($0) }.map { x.dimensions[$0] })]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let dx = try context.apply(ReshapeLike.name, [dy, context.node.inputs[0]])
    return context.onlyByFirst(dx)
  }
}

/// X with extents of 1 put in, so that they lie at the constant `axes` of the result. Source: ONNX Unsqueeze.
public enum Unsqueeze: CopyingOperator {
  public static let name: OperatorName = "Unsqueeze"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let given = try context.node.integers(1, context.constant(1), meaning: "axes") ?? []
    var dimensions = x.dimensions
    for axis in try context.node.normalizedAxes(given, rank: x.rank + given.count) { dimensions.insert(1, at: axis) }
    return [ValueType(x.elementType, dimensions)]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let dx = try context.apply(ReshapeLike.name, [dy, context.node.inputs[0]])
    return context.onlyByFirst(dx)
  }
}

/// X under the shape of a second value, whatever its symbolic extents are bound to: the gradient of every operator that
/// only changes the shape.
public enum ReshapeLike: CopyingOperator {
  public static let name: OperatorName = "pare.ReshapeLike"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, like) = (try context.input(0), try context.input(1))
    guard let from = DimensionProduct(x.dimensions), from == DimensionProduct(like.dimensions) else {
      throw GraphError("shape", node: context.node, expected: "shapes with equally many elements", found: "\(x) and \(like)")
    }
    return [ValueType(x.elementType, like.dimensions)]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let dx = try context.apply(name, [dy, context.node.inputs[0]])
    return context.onlyByFirst(dx)
  }
}
