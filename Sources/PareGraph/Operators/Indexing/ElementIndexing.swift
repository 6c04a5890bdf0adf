import PareTensor

/// `Y[i, j, k] = X[i, I[i, j, k], k]` for `axis` 1, and likewise for others: one element for each index. Negative indices
/// count from the end. Any element type. Source: ONNX GatherElements.
public enum GatherElements: Operator {
  public static let name: OperatorName = "GatherElements"
  public static let inputCount = 2...2
  public static let attributeNames = ["axis"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, indices) = (try context.input(0), try context.indices(1))
    try checkExtents(context.node, x: x, indices: indices)
    return [ValueType(x.elementType, indices.dimensions)]
  }

  /// Indices lie within X along every axis but the one they choose along.
  static func checkExtents(_ node: Node, x: ValueType, indices: ValueType) throws {
    let axis = try node.axis(default: 0, rank: x.rank)
    let fits = indices.rank == x.rank && zip(indices.dimensions, x.dimensions).enumerated().allSatisfy { place, pair in
      if place == axis || pair.0 == pair.1 { return true }
      guard let index = pair.0.fixedValue, let extent = pair.1.fixedValue else { return false }
      return index <= extent
    }
    guard fits else {
      throw GraphError("shape", node: node, expected: "indices within \(x) but for axis \(axis)", found: "\(indices)")
    }
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let (x, indices) = (try context.input(0), try context.input(1).shape)
    let walk = try ElementWalk(context.node, x: x.shape, indices: indices)
    let index = try context.indexReader(1)
    let size = x.elementType.byteCount
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      try walk.forEach({ index(buffers, $0) }) { position, place in
        (to + position * size).copyMemory(from: from + place * size, byteCount: size)
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient, try context.type(of: dy).elementType.isFloatingPoint else { return context.noGradients }
    let zeros = try context.apply(ZerosLike.name, [context.node.inputs[0]])
    let attributes = context.node.attributes.merging(["reduction": .string("add")]) { _, new in new }
    return context.onlyByFirst(try context.apply(ScatterElements.name, [zeros, context.node.inputs[1], dy], attributes))
  }
}

/// X with the element that each index names replaced by that of the updates, or combined with it as `reduction` says
/// (`none`, `add`, `mul`, `max`, `min`). Of several updates of one element the last counts. Source: ONNX
/// ScatterElements.
public enum ScatterElements: NumericOperator {
  public static let name: OperatorName = "ScatterElements"
  public static let inputCount = 3...3
  public static let attributeNames = ["axis", "reduction"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, indices, updates) = (try context.numericInput(0), try context.indices(1), try context.input(2))
    _ = try ScatterReduction(context.node)
    try GatherElements.checkExtents(context.node, x: x, indices: indices)
    guard updates == ValueType(x.elementType, indices.dimensions) else {
      throw GraphError(
        "shape", node: context.node, expected: "updates of \(ValueType(x.elementType, indices.dimensions))", found: "\(updates)")
    }
    return [x]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let x = try context.input(0).shape
    let walk = try ElementWalk(context.node, x: x, indices: try context.input(1).shape)
    let index = try context.indexReader(1)
    let reduction = try ScatterReduction(context.node)
    return { buffers in
      let updates = buffers.input(2, as: Element.self)
      let y = buffers.output(as: Element.self)
      y.update(from: buffers.input(0, as: Element.self), count: x.elementCount)
      try walk.forEach({ index(buffers, $0) }) { position, place in
        y[place] = reduction.combine(y[place], updates[position])
      }
    }
  }

  /// Without reduction dX = dY but 0 where something was written, dUpdates = dY at the indices; with `add` dX = dY.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let reduction = try ScatterReduction(node)
    guard reduction == .none || reduction == .add else {
      throw GraphError("not-differentiable", node: node, found: "ScatterElements with reduction \(reduction.rawValue) has no gradient")
    }
    let axis = ["axis": Attribute.int(try node.int("axis", default: 0))]
    return try [
      context.ifWanted(0) {
        if reduction == .add { return dy }
        let zeros = try $0.apply(ZerosLike.name, [node.inputs[2]])
        return try $0.apply(name, [dy, node.inputs[1], zeros], axis)
      },
      nil,
      context.ifWanted(2) { try $0.apply(GatherElements.name, [dy, node.inputs[1]], axis) },
    ]
  }
}

/// How an update meets what is there.
enum ScatterReduction: String, Sendable {
  case none, add, mul, max, min

  init(_ node: Node) throws {
    let given = try node.string("reduction", default: "none")
    guard let known = ScatterReduction(rawValue: given) else {
      throw GraphError("attribute", node: node, expected: "reduction none, add, mul, max or min", found: "'\(given)'")
    }
    self = known
  }

  @inline(__always)
  func combine<Element: NumericElement>(_ old: Element, _ update: Element) -> Element {
    switch self {
    case .none: update
    case .add: .sum(old, update)
    case .mul: .product(old, update)
    case .max: old > update ? old : update
    case .min: old < update ? old : update
    }
  }
}

/// Walks over indices that choose along one axis of X.
private struct ElementWalk: Sendable {
  let node: Node
  let base: StridedLoop
  let stride: Int
  let extent: Int

  init(_ node: Node, x: Shape, indices: Shape) throws {
    self.node = node
    let axis = try node.axis(default: 0, rank: x.rank)
    var strides = x.strides
    stride = strides[axis]
    extent = x[axis]
    strides[axis] = 0
    base = StridedLoop(indices, strides: strides)
  }

  /// Calls `body(position among the indices, offset in X)` for each.
  @inline(__always)
  func forEach(_ index: (Int) -> Int, _ body: (Int, Int) -> Void) throws {
    var failure: (any Error)?
    base.forEach { position, offset in
      guard failure == nil else { return }
      do {
        body(position, offset + (try node.resolved(index(position), extent: extent)) * stride)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
