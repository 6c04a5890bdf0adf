/// The extents of a tensor, outermost first. Row-major: the last dimension is contiguous.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let dimensions: [Int]

  /// - Precondition: no dimension is negative and the product does not overflow. Readers check before they build one.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "negative dimension in \(dimensions)")
    precondition(Shape.checkedElementCount(dimensions) != nil, "element count of \(dimensions) overflows")
    self.dimensions = dimensions
  }

  public init(arrayLiteral dimensions: Int...) {
    self.init(dimensions)
  }

  public var rank: Int { dimensions.count }
  public var elementCount: Int { dimensions.reduce(1, *) }
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// Elements between neighbours along each axis.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

  /// The product of `dimensions`, or nil where one is negative or the product overflows.
  public static func checkedElementCount(_ dimensions: [Int]) -> Int? {
    var count = 1
    for dimension in dimensions {
      guard dimension >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}
