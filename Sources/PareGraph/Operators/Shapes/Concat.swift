import PareTensor

/// The inputs one after another along `axis`. Source: ONNX Concat.
public enum Concat: Operator {
  public static let name: OperatorName = "Concat"
  public static let inputCount = 1...Int.max
  public static let attributeNames = ["axis"]
  public static let evaluatesHalfPrecision = true

  private static func axis(_ node: Node, rank: Int) throws -> Int {
    guard node.attributes["axis"] != nil else {
      throw GraphError("attribute", node: node, expected: "attribute 'axis'", found: "none")
    }
    return try node.axis(default: 0, rank: rank)
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let first = try context.input(0)
    let axis = try axis(context.node, rank: first.rank)
    var total: Dimension = first.dimensions[axis]
    for index in context.node.inputs.indices.dropFirst() {
      let next = try context.input(index)
      var expected = first
      if next.rank == first.rank { expected.dimensions[axis] = next.dimensions[axis] }
      guard next == expected else {
        throw GraphError(
          "shape", node: context.node, expected: "inputs that differ at axis \(axis) alone", found: "\(first) and \(next)")
      }
      guard let a = total.fixedValue, let b = next.dimensions[axis].fixedValue,
        case let (sum, overflow) = a.addingReportingOverflow(b), !overflow
      else {
        throw GraphError(
          "shape", node: context.node, expected: "fixed extents at axis \(axis)", found: "\(first) and \(next)")
      }
      total = .fixed(sum)
    }
    var result = first
    result.dimensions[axis] = total
    return [result]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let pieces = try Pieces(
      context.outputs[0], axis: axis(context.node, rank: shape.rank),
      parts: context.node.inputs.indices.map { try context.input($0).shape })
    return { buffers in
      let whole = buffers.rawOutput(0)
      pieces.forEach { part, wholeOffset, partOffset, byteCount in
        (whole + wholeOffset).copyMemory(from: buffers.rawInput(part) + partOffset, byteCount: byteCount)
      }
    }
  }

  /// Vectors of extents, one after another.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    let parts = context.node.inputs.indices.compactMap { context.known($0)?.extents }
    guard outputs[0].rank == 1, parts.count == context.node.inputs.count, let shape = outputs[0].shape(binding: [:]) else {
      return try evaluateConstants(context, outputs)
    }
    return [KnownValue(extents: parts.flatMap { $0 }, elementType: outputs[0].elementType, shape: shape)]
  }

  /// The pieces of dY.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let types = try context.node.inputs.map { try context.type(of: $0) }
    let axis = try axis(context.node, rank: types[0].rank)
    guard types.count > 1 else { return [dy] }
    let sizes = types.map { Int64($0.dimensions[axis].fixedValue ?? 0) }
    let inputs = [dy, try context.builder.constant(Tensor(sizes), named: "split")]
    return try context.applyAll(Split.name, inputs, ["axis": .int(axis)], outputCount: types.count)
  }
}

/// X cut along `axis` (0 by default) into its outputs: of the constant sizes `split`, or into equal ones, the last of
/// which may be smaller.
///
/// - Source: ONNX Split.
public enum Split: Operator {
  public static let name: OperatorName = "Split"
  public static let inputCount = 1...2
  public static let outputCount = 1...Int.max
  public static let attributeNames = ["axis", "num_outputs"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let x = try context.input(0)
    let axis = try node.axis(default: 0, rank: x.rank)
    let count = node.outputs.count
    guard let extent = x.dimensions[axis].fixedValue else {
      throw GraphError("shape", node: node, expected: "a fixed extent at axis \(axis)", found: "\(x)")
    }
    let even = (extent + count - 1) / count
    let sizes = try node.integers(1, context.constant(1), meaning: "sizes")
      ?? (0..<count).map { max(min(even, extent - $0 * even), 0) }
    guard try node.int("num_outputs", default: count) == count, sizes.count == count else {
      throw GraphError("output-count", node: node, expected: "as many sizes as outputs", found: "\(sizes) for \(count)")
    }
    guard sizes.allSatisfy({ (0...extent).contains($0) }), sizes.reduce(0, &+) == extent else {
      throw GraphError("shape", node: node, expected: "sizes that add up to \(extent)", found: "\(sizes)")
    }
    return sizes.map { size in
      var type = x
      type.dimensions[axis] = .fixed(size)
      return type
    }
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let x = try context.input(0)
    let pieces = try Pieces(
      x, axis: context.node.axis(default: 0, rank: x.shape.rank), parts: context.outputs.map(\.shape))
    return { buffers in
      let whole = buffers.rawInput(0)
      pieces.forEach { part, wholeOffset, partOffset, byteCount in
        (buffers.rawOutput(part) + partOffset).copyMemory(from: whole + wholeOffset, byteCount: byteCount)
      }
    }
  }

  /// The pieces of the gradient together, zeros where none flows back.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard context.outputGradients.contains(where: { $0 != nil }) else { return context.noGradients }
    let gradients = try zip(context.node.outputs, context.outputGradients).map { output, gradient in
      try gradient ?? context.apply(ZerosLike.name, [output])
    }
    let axis = Attribute.int(try context.node.int("axis", default: 0))
    let dx = try context.apply(Concat.name, gradients, ["axis": axis])
    return context.onlyByFirst(dx)
  }
}

/// Zeros of the type of X: the gradient of what nothing depends on.
public enum ZerosLike: ElementwiseOperator {
  public static let name: OperatorName = "pare.ZerosLike"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar { { _ in 0 } }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { [nil] }
}

/// How a tensor falls into parts along an axis: as runs of contiguous bytes.
private struct Pieces: Sendable {
  let outer: Int
  /// Bytes of a part in one of the outer blocks.
  let byteCounts: [Int]

  init(_ whole: TensorType, axis: Int, parts: [Shape]) {
    outer = AxisDecomposition(whole.shape, axis: axis).outer
    byteCounts = parts.map { shape in
      let part = AxisDecomposition(shape, axis: axis)
      return part.extent * part.inner * whole.elementType.byteCount
    }
  }

  /// Calls `body(part, offset in the whole, offset in the part, bytes)` for each run.
  func forEach(_ body: (Int, Int, Int, Int) -> Void) {
    var offset = 0
    for block in 0..<outer {
      for (part, byteCount) in byteCounts.enumerated() {
        body(part, offset, block * byteCount, byteCount)
        offset += byteCount
      }
    }
  }
}
