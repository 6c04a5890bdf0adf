import PareTensor

extension Operator {
  /// Two known operands of extents combined pair by pair; nothing where `combine` does not know of one pair. Where all
  /// are numbers, what evaluation gives.
  static func combineExtents(
    _ context: InferenceContext, _ outputs: [ValueType], _ combine: (Dimension, Dimension) -> Dimension?
  ) throws -> [KnownValue?] {
    guard context.node.inputs.count == 2, let (a, b) = context.extentPairs(), let shape = outputs[0].shape(binding: [:])
    else { return try evaluateConstants(context, outputs) }
    let combined = zip(a, b).compactMap(combine)
    guard combined.count == shape.elementCount else { return [nil] }
    return [KnownValue(extents: combined, elementType: outputs[0].elementType, shape: shape)]
  }
}

extension DimensionProduct {
  /// The sum of two extents, where it is an extent again: of numbers, or of multiples of the same names.
  static func sum(_ left: Dimension, _ right: Dimension) -> Dimension? {
    if left == .fixed(0) { return right }
    if right == .fixed(0) { return left }
    return combine(left, right) { $0.addingReportingOverflow($1) }
  }

  static func difference(_ left: Dimension, _ right: Dimension) -> Dimension? {
    right == .fixed(0) ? left : combine(left, right) { $0.subtractingReportingOverflow($1) }
  }

  private static func combine(
    _ left: Dimension, _ right: Dimension, _ combine: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) -> Dimension? {
    if let a = left.fixedValue, let b = right.fixedValue {
      let (value, overflow) = combine(a, b)
      return overflow ? nil : .fixed(value)
    }
    guard var a = DimensionProduct([left]), let b = DimensionProduct([right]), a.symbols == b.symbols else { return nil }
    let (factor, overflow) = combine(a.factor, b.factor)
    guard !overflow, factor >= 0 else { return nil }
    a.factor = factor
    return a.dimension
  }
}

/// What is known of how two extents compare before their names are bound. A name stands for at least 1.
struct ExtentOrder {
  enum Relation: CaseIterable {
    case less, equal, greater
  }

  private let possible: Set<Relation>

  init(_ left: Dimension, _ right: Dimension) {
    possible = Self.relations(left, right)
  }

  func isNever(_ relation: Relation) -> Bool { !possible.contains(relation) }

  /// Whether one of some relations holds; nil where that is not known.
  func isOne(of relations: Set<Relation>) -> Bool? {
    possible.isSubset(of: relations) ? true : possible.isDisjoint(with: relations) ? false : nil
  }

  private static func relations(_ left: Dimension, _ right: Dimension) -> Set<Relation> {
    func compare(_ a: Int, _ b: Int) -> Relation { a < b ? .less : a > b ? .greater : .equal }
    switch (left.fixedValue, right.fixedValue) {
    case (let a?, let b?): return [compare(a, b)]
    case (nil, let b?):
      // At least its factor.
      switch compare(DimensionProduct([left])?.factor ?? 1, b) {
      case .greater: return [.greater]
      case .equal: return [.equal, .greater]
      case .less: return Set(Relation.allCases)
      }
    case (.some, nil):
      return Set(relations(right, left).map { $0 == .less ? .greater : $0 == .greater ? .less : .equal })
    case (nil, nil):
      guard let a = DimensionProduct([left]), let b = DimensionProduct([right]), a.symbols == b.symbols else {
        return Set(Relation.allCases)
      }
      return [compare(a.factor, b.factor)]
    }
  }
}
