import PareTensor

/// The slices of X that tuples of indices name: the last axis of the indices is one tuple, over the axes of X behind the
/// first `batch_dims`. Negative indices count from the end. Any element type. Source: ONNX GatherND.
public enum GatherND: Operator {
  public static let name: OperatorName = "GatherND"
  public static let inputCount = 2...2
  public static let attributeNames = ["batch_dims"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, indices) = (try context.input(0), try context.indices(1))
    let batch = try context.node.int("batch_dims", default: 0)
    guard batch >= 0, batch < indices.rank, batch < x.rank, let tuple = indices.dimensions.last?.fixedValue,
      (1...x.rank - batch).contains(tuple), indices.dimensions.prefix(batch) == x.dimensions.prefix(batch)
    else {
      throw GraphError("shape", node: context.node, expected: "tuples of indices into \(x) behind \(batch) axes", found: "\(indices)")
    }
    return [ValueType(x.elementType, indices.dimensions.dropLast() + x.dimensions.dropFirst(batch + tuple))]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let node = context.node
    let x = try context.input(0)
    let walk = TupleWalk(
      x: x.shape, indices: try context.input(1).shape, batch: try node.int("batch_dims", default: 0),
      index: try context.indexReader(1), node: node)
    let size = walk.slice * x.elementType.byteCount
    let width = x.elementType.byteCount
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      try walk.forEach(buffers) { position, offset in
        (to + position * size).copyMemory(from: from + offset * width, byteCount: size)
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient, try context.type(of: dy).elementType.isFloatingPoint else { return context.noGradients }
    guard try context.node.int("batch_dims", default: 0) == 0 else {
      throw GraphError("not-differentiable", node: context.node, found: "GatherND with batch_dims has no gradient")
    }
    let zeros = try context.apply(ZerosLike.name, [context.node.inputs[0]])
    return context.onlyByFirst(
      try context.apply(ScatterND.name, [zeros, context.node.inputs[1], dy], ["reduction": .string("add")]))
  }
}

/// X with the slices that tuples of indices name replaced by the updates, or combined with them as `reduction` says. Of
/// several updates of one slice the last counts. Source: ONNX ScatterND.
public enum ScatterND: NumericOperator {
  public static let name: OperatorName = "ScatterND"
  public static let inputCount = 3...3
  public static let attributeNames = ["reduction"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, indices, updates) = (try context.numericInput(0), try context.indices(1), try context.input(2))
    _ = try ScatterReduction(context.node)
    guard indices.rank > 0, x.rank > 0, let tuple = indices.dimensions.last?.fixedValue, (1...x.rank).contains(tuple) else {
      throw GraphError("shape", node: context.node, expected: "tuples of indices into \(x)", found: "\(indices)")
    }
    let expected = ValueType(x.elementType, indices.dimensions.dropLast() + x.dimensions.dropFirst(tuple))
    guard updates == expected else {
      throw GraphError("shape", node: context.node, expected: "updates of \(expected)", found: "\(updates)")
    }
    return [x]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let x = try context.input(0).shape
    let walk = TupleWalk(
      x: x, indices: try context.input(1).shape, batch: 0, index: try context.indexReader(1), node: context.node)
    let reduction = try ScatterReduction(context.node)
    return { buffers in
      let updates = buffers.input(2, as: Element.self)
      let y = buffers.output(as: Element.self)
      y.update(from: buffers.input(0, as: Element.self), count: x.elementCount)
      try walk.forEach(buffers) { position, offset in
        for index in 0..<walk.slice {
          y[offset + index] = reduction.combine(y[offset + index], updates[position * walk.slice + index])
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let reduction = try ScatterReduction(node)
    guard reduction == .none || reduction == .add else {
      throw GraphError("not-differentiable", node: node, found: "ScatterND with reduction \(reduction.rawValue) has no gradient")
    }
    return try [
      context.ifWanted(0) {
        if reduction == .add { return dy }
        return try $0.apply(name, [dy, node.inputs[1], $0.apply(ZerosLike.name, [node.inputs[2]])])
      },
      nil,
      context.ifWanted(2) { try $0.apply(GatherND.name, [dy, node.inputs[1]]) },
    ]
  }
}

/// Walks over tuples of indices.
private struct TupleWalk: Sendable {
  /// Elements of a slice.
  let slice: Int
  private let node: Node
  private let extents: [Int]
  private let strides: [Int]
  private let tuples: Int
  private let tuplesPerBatch: Int
  private let batchStride: Int
  private let index: @Sendable (EvaluationBuffers, Int) -> Int

  init(x: Shape, indices: Shape, batch: Int, index: @escaping @Sendable (EvaluationBuffers, Int) -> Int, node: Node) {
    let length = indices.dimensions.last ?? 1
    let axes = batch..<batch + length
    extents = axes.map { x[$0] }
    strides = axes.map { x.strides[$0] }
    slice = x.dimensions.dropFirst(batch + length).reduce(1, *)
    tuples = indices.dimensions.dropLast().reduce(1, *)
    tuplesPerBatch = indices.dimensions.dropLast().dropFirst(batch).reduce(1, *)
    batchStride = x.dimensions.dropFirst(batch).reduce(1, *)
    self.index = index
    self.node = node
  }

  /// Calls `body(tuple, offset of its slice in X)` for each.
  @inline(__always)
  func forEach(_ buffers: EvaluationBuffers, _ body: (Int, Int) -> Void) throws {
    for tuple in 0..<tuples {
      var offset = tuple / max(tuplesPerBatch, 1) * batchStride
      for axis in extents.indices {
        offset += try node.resolved(index(buffers, tuple * extents.count + axis), extent: extents[axis]) * strides[axis]
      }
      body(tuple, offset)
    }
  }
}
