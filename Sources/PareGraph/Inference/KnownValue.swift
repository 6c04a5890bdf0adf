import PareTensor

/// What is known of a value while a graph is only inferred: its numbers, or the extents that it holds before a batch is
/// bound.
///
/// Exporters write shapes as computations (`Shape`, `Gather`, `Concat`, then `Reshape`). Followed here, they are as good
/// as constants, with `batch` still a name.
public struct KnownValue: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case tensor(Tensor)
    /// Integers of which at least one is not a number yet, row-major.
    case extents([Dimension])
  }

  public let elementType: ElementType
  public let shape: Shape
  let content: Content

  public init(_ tensor: Tensor) {
    self.init(elementType: tensor.elementType, shape: tensor.shape, content: .tensor(tensor))
  }

  private init(elementType: ElementType, shape: Shape, content: Content) {
    self.elementType = elementType
    self.shape = shape
    self.content = content
  }

  /// Extents as a value of an integer type; a tensor where every one is a number that the type holds.
  ///
  /// - Precondition: as many extents as `shape` has elements.
  public init(extents: [Dimension], elementType: ElementType = .int64, shape: Shape) {
    precondition(extents.count == shape.elementCount)
    let numbers = extents.compactMap(\.fixedValue)
    if numbers.count == extents.count, let tensor = Tensor(integers: numbers, elementType: elementType, shape: shape) {
      self.init(tensor)
    } else {
      self.init(elementType: elementType, shape: shape, content: .extents(extents))
    }
  }

  /// The numbers, where all are known.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = content { tensor } else { nil }
  }

  /// The integers as extents, row-major; nil for a type that is not of signed integers.
  public var extents: [Dimension]? {
    switch content {
    case .extents(let extents): extents
    case .tensor(let tensor):
      switch tensor.elementType {
      case .int64: tensor.values(as: Int64.self).map { .fixed(Int($0)) }
      case .int32: tensor.values(as: Int32.self).map { .fixed(Int($0)) }
      default: nil
      }
    }
  }

  /// The same elements under another shape of as many.
  func reshaped(to shape: Shape) -> KnownValue {
    switch content {
    case .tensor(let tensor): KnownValue(tensor.reshaped(to: shape))
    case .extents(let extents): KnownValue(extents: extents, elementType: elementType, shape: shape)
    }
  }
}

extension Tensor {
  /// Integers as Int64 or Int32; nil for another type, or one that cannot hold them.
  init?(integers: [Int], elementType: ElementType, shape: Shape) {
    switch elementType {
    case .int64: self.init(integers.map(Int64.init), shape: shape)
    case .int32:
      let values = integers.compactMap(Int32.init(exactly:))
      guard values.count == integers.count else { return nil }
      self.init(values, shape: shape)
    default: return nil
    }
  }
}

extension InferenceContext {
  public func known(_ index: Int) -> KnownValue? { index < knownValues.count ? knownValues[index] : nil }

  /// The integers of an input that gives structure (axes, a shape, sizes), symbols among them; nil where the input is
  /// not given.
  ///
  /// - Throws: `graph.constant` for a value that is only known when the graph runs, naming it.
  public func extents(_ index: Int, meaning: String) throws -> [Dimension]? {
    guard let name = node.input(index) else { return nil }
    guard let known = known(index) else {
      throw GraphError(
        "constant", node: node, expected: "\(meaning) as a constant", found: "'\(name)', which is known only when run")
    }
    guard known.shape.rank <= 1, known.elementType == .int64, let extents = known.extents else {
      throw GraphError(
        "constant", node: node, expected: "\(meaning) as a vector of int64",
        found: "\(known.elementType.rawValue)\(known.shape)")
    }
    return extents
  }
}

extension InferenceContext {
  /// The extents of two operands of one shape, or with a single element repeated; nil unless one of them is a symbol.
  func extentPairs() -> (left: [Dimension], right: [Dimension])? {
    guard let left = known(0), let right = known(1), left.tensor == nil || right.tensor == nil,
      let a = left.extents, let b = right.extents, a.count == b.count || a.count == 1 || b.count == 1
    else { return nil }
    let count = max(a.count, b.count)
    func spread(_ extents: [Dimension]) -> [Dimension] {
      extents.count == count ? extents : [Dimension](repeating: extents[0], count: count)
    }
    return (spread(a), spread(b))
  }
}

extension Operator {
  public static var isFoldable: Bool { true }

  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try evaluateConstants(context, outputs)
  }

  /// The outputs by evaluation, where every input that is given is known in full and the outputs are small.
  static func evaluateConstants(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    let nothing = [KnownValue?](repeating: nil, count: outputs.count)
    guard isFoldable, context.node.inputs.contains(where: { !$0.isEmpty }),
      context.inputs.indices.allSatisfy({ context.inputs[$0] == nil || context.constants[$0] != nil })
    else { return nothing }
    var types: [TensorType] = []
    for output in outputs {
      // Numbers on the way to a shape; weights are folded where a graph is imported, and stay as they are elsewhere.
      guard let shape = output.shape(binding: [:]), shape.elementCount <= 4096 else { return nothing }
      if output.elementType.isFloatingPoint, shape.elementCount > 64 { return nothing }
      types.append(TensorType(output.elementType, shape))
    }
    return try ConstantEvaluation.evaluate(context.node, inputs: context.constants, outputs: types).map { KnownValue($0) }
  }
}
