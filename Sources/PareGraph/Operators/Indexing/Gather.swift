import PareTensor

extension PreparationContext {
  /// Reads one index of an input of Int32 or Int64.
  func indexReader(_ input: Int) throws -> @Sendable (EvaluationBuffers, Int) -> Int {
    switch try self.input(input).elementType {
    case .int64: return { Int($0.input(input, as: Int64.self)[$1]) }
    case .int32: return { Int($0.input(input, as: Int32.self)[$1]) }
    case let other: throw unsupported(other)
    }
  }
}

extension InferenceContext {
  /// An input of Int32 or Int64 that holds indices.
  func indices(_ index: Int) throws -> ValueType {
    let type = try input(index)
    guard type.elementType == .int64 || type.elementType == .int32 else {
      throw GraphError("element-type", node: node, expected: "indices of int32 or int64", found: "\(type)")
    }
    return type
  }
}

extension Node {
  /// An index counted from 0.
  ///
  /// - Throws: `graph.index` where it is out of range.
  @inline(__always)
  func resolved(_ index: Int, extent: Int) throws -> Int {
    let place = index < 0 ? index + extent : index
    guard place >= 0, place < extent else {
      throw GraphError("index", node: self, expected: "indices within -\(extent) ..< \(extent)", found: "\(index)")
    }
    return place
  }
}

/// The slices of X along `axis` (0 by default) that the indices name; negative ones count from the end.
///
/// - Shapes: X `[a…, n, b…]`, indices `[i…]` → Y `[a…, i…, b…]`. Any element type. Source: ONNX Gather.
public enum Gather: Operator {
  public static let name: OperatorName = "Gather"
  public static let inputCount = 2...2
  public static let attributeNames = ["axis"]
  public static let evaluatesHalfPrecision = true
  public static let weightInputs: Set<Int> = [0]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, indices) = (try context.input(0), try context.indices(1))
    let axis = try context.node.axis(default: 0, rank: x.rank)
    return [ValueType(x.elementType, x.dimensions[..<axis] + indices.dimensions + x.dimensions[(axis + 1)...])]
  }

  /// Some of a vector of extents.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard context.constant(0) == nil, let known = context.known(0), known.shape.rank == 1, let extents = known.extents,
      let indices = context.constant(1), let shape = outputs[0].shape(binding: [:])
    else { return try evaluateConstants(context, outputs) }
    let picked = try indices.doubles.map { extents[try context.node.resolved(Int($0), extent: extents.count)] }
    return [KnownValue(extents: picked, elementType: known.elementType, shape: shape)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let node = context.node
    let x = try context.input(0)
    let axis = AxisDecomposition(x.shape, axis: try node.axis(default: 0, rank: x.shape.rank))
    let count = try context.input(1).shape.elementCount
    let index = try context.indexReader(1)
    let size = axis.inner * x.elementType.byteCount
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      for block in 0..<axis.outer {
        for position in 0..<count {
          let place = try node.resolved(index(buffers, position), extent: axis.extent)
          (to + (block * count + position) * size).copyMemory(from: from + (block * axis.extent + place) * size, byteCount: size)
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient, try context.type(of: dy).elementType.isFloatingPoint else { return context.noGradients }
    let (x, indices) = (context.node.inputs[0], context.node.inputs[1])
    return context.onlyByFirst(try context.apply(GatherGradient.name, [dy, indices, x], context.node.attributes))
  }
}

/// The slices of dY added up where they came from. Inputs: dY, the indices and X, of which only the shape counts.
public enum GatherGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.GatherGradient"
  public static let inputCount = 3...3
  public static let attributeNames = ["axis"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = (try context.floatingPointInput(0), try context.indices(1))
    let x = try context.floatingPointInput(2)
    _ = try context.node.axis(default: 0, rank: x.rank)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let node = context.node
    let x = try context.input(2).shape
    let axis = AxisDecomposition(x, axis: try node.axis(default: 0, rank: x.rank))
    let count = try context.input(1).shape.elementCount
    guard try context.input(0).shape.elementCount == axis.outer * count * axis.inner else {
      throw GraphError("shape", node: node, expected: "the gradient of an output", found: "\(try context.input(0).shape)")
    }
    let index = try context.indexReader(1)
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      dx.update(repeating: 0, count: axis.outer * axis.extent * axis.inner)
      for block in 0..<axis.outer {
        for position in 0..<count {
          let place = try node.resolved(index(buffers, position), extent: axis.extent)
          let (to, from) = ((block * axis.extent + place) * axis.inner, (block * count + position) * axis.inner)
          for offset in 0..<axis.inner { dx[to + offset] += dy[from + offset] }
        }
      }
    }
  }
}
