import PareTensor

/// Blocks of channels laid out in space: `[n, c·b², h, w]` to `[n, c, h·b, w·b]` with `blocksize` b, in `mode` DCR
/// (depth, column, row: the default) or CRD. Any element type. Source: ONNX DepthToSpace.
public enum DepthToSpace: Operator {
  public static let name: OperatorName = "DepthToSpace"
  public static let inputCount = 1...1
  public static let attributeNames = ["blocksize", "mode"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let block = try context.node.int("blocksize", default: 0)
    let mode = try context.node.string("mode", default: "DCR")
    guard x.rank == 4, (1...1 << 15).contains(block), ["DCR", "CRD"].contains(mode),
      let channels = DimensionProduct([x.dimensions[1]]), let square = DimensionProduct([.fixed(block * block)]),
      let fewer = channels.dividing(by: square), let height = DimensionProduct([x.dimensions[2], .fixed(block)]),
      let width = DimensionProduct([x.dimensions[3], .fixed(block)])
    else {
      throw GraphError("shape", node: context.node, expected: "[n, c·b², h, w] and mode DCR or CRD", found: "\(x), b = \(block), \(mode)")
    }
    return [ValueType(x.elementType, [x.dimensions[0], fewer, height.dimension, width.dimension])]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let (x, y) = (try context.input(0).shape, context.outputs[0].shape)
    let block = try context.node.int("blocksize", default: 1)
    let isDepthFirst = try context.node.string("mode", default: "DCR") == "DCR"
    let strides = x.strides
    let (row, column, channel): (Int, Int, Int) =
      isDepthFirst
      ? (block * y[1] * strides[1], y[1] * strides[1], strides[1])
      : (block * strides[1], strides[1], block * block * strides[1])
    // [n, c, h, row in block, w, column in block].
    let loop = StridedLoop(
      Shape([y[0], y[1], x[2], block, x[3], block]), strides: [strides[0], channel, strides[2], row, strides[3], column])
    let size = context.outputs[0].elementType.byteCount
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      loop.forEach { (to + $0 * size).copyMemory(from: from + $1 * size, byteCount: size) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    guard try context.node.string("mode", default: "DCR") == "DCR" else {
      throw GraphError("not-differentiable", node: context.node, found: "DepthToSpace in mode CRD has no gradient")
    }
    return [try context.apply(SpaceToDepth.name, [dy], ["blocksize": .int(try context.node.int("blocksize", default: 1))])]
  }
}

/// Squares of `blocksize` b put into channels: `[n, c, h·b, w·b]` to `[n, c·b², h, w]`. Any element type. Source: ONNX
/// SpaceToDepth.
public enum SpaceToDepth: Operator {
  public static let name: OperatorName = "SpaceToDepth"
  public static let inputCount = 1...1
  public static let attributeNames = ["blocksize"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let block = try context.node.int("blocksize", default: 0)
    guard x.rank == 4, (1...1 << 15).contains(block), let side = DimensionProduct([.fixed(block)]),
      let height = DimensionProduct([x.dimensions[2]])?.dividing(by: side),
      let width = DimensionProduct([x.dimensions[3]])?.dividing(by: side),
      let channels = DimensionProduct([x.dimensions[1], .fixed(block * block)])
    else { throw GraphError("shape", node: context.node, expected: "[n, c, h·b, w·b]", found: "\(x), b = \(block)") }
    return [ValueType(x.elementType, [x.dimensions[0], channels.dimension, height, width])]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let (x, y) = (try context.input(0).shape, context.outputs[0].shape)
    let block = try context.node.int("blocksize", default: 1)
    let strides = x.strides
    // [n, row in block, column in block, c, h, w].
    let loop = StridedLoop(
      Shape([y[0], block, block, x[1], y[2], y[3]]),
      strides: [strides[0], strides[2], strides[3], strides[1], block * strides[2], block * strides[3]])
    let size = context.outputs[0].elementType.byteCount
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      loop.forEach { (to + $0 * size).copyMemory(from: from + $1 * size, byteCount: size) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(DepthToSpace.name, [dy], context.node.attributes)]
  }
}
