import PareGraph
import PareTensor

extension ExecutionPlan {
  /// The most that a plan of `graph` with one context keeps, in bytes: every parameter decoded and packed, every value
  /// beside every other. For files that nobody vouches for, before a plan is made of them.
  ///
  /// - Returns: `Int.max` where it is more than an `Int` holds.
  /// - Throws: `GraphError` for a graph that does not fit together.
  package static func memoryBound(_ graph: Graph) throws -> Int {
    let types = try graph.atBatch(1).inferredTypes()
    var bound = 0
    func add(_ dimensions: [Int], byteCount: Int) {
      // A tile of padding in each of two extents, and a cache line.
      let padded = dimensions.suffix(2).map { $0.addingReportingOverflow(16) }
      let count = Shape.checkedElementCount(dimensions.dropLast(2) + padded.map { $0.overflow ? .max : $0.partialValue })
      let bytes = (count ?? .max).multipliedReportingOverflow(by: byteCount)
      let sum = bound.addingReportingOverflow(bytes.overflow ? .max : bytes.partialValue)
      bound = sum.overflow ? .max : sum.partialValue
    }
    for type in types.values { add(type.dimensions.map { $0.fixedValue ?? 1 }, byteCount: type.elementType.byteCount) }
    for parameter in graph.parameters.values {
      add(parameter.storage.shape.dimensions, byteCount: parameter.storage.elementType.byteCount)
    }
    return bound
  }
}
