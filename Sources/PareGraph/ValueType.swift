import PareTensor

/// One extent of a value in a graph: known, or a name that is bound when the graph is planned (`batch`), or a product
/// of names and a number, as `30·batch` after a reshape.
public enum Dimension: Sendable, Hashable, CustomStringConvertible {
  case fixed(Int)
  case symbolic(String)
  /// A product that is neither a number nor a name. Made by `DimensionProduct`, which keeps it in one form.
  case product(factor: Int, symbols: [String])

  public var fixedValue: Int? {
    if case .fixed(let value) = self { value } else { nil }
  }

  public var description: String {
    switch self {
    case .fixed(let value): String(value)
    case .symbolic(let name): name
    case .product(let factor, let symbols): ((factor == 1 ? [] : [String(factor)]) + symbols).joined(separator: "·")
    }
  }

  /// The number under a binding of names; nil where a name has none or the product overflows.
  public func extent(binding: [String: Int]) -> Int? {
    switch self {
    case .fixed(let value): return value
    case .symbolic(let name): return binding[name]
    case .product(let factor, let symbols):
      let extents = symbols.compactMap { binding[$0] }
      return extents.count == symbols.count ? Shape.checkedElementCount([factor] + extents) : nil
    }
  }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(stringLiteral name: String) { self = .symbolic(name) }
}

/// Element type and extents of a value in a graph.
public struct ValueType: Sendable, Hashable, CustomStringConvertible {
  public var elementType: ElementType
  public var dimensions: [Dimension]

  public init(_ elementType: ElementType, _ dimensions: [Dimension]) {
    self.elementType = elementType
    self.dimensions = dimensions
  }

  public init(_ tensor: Tensor) {
    self.init(tensor.elementType, tensor.shape.dimensions.map(Dimension.fixed))
  }

  public var rank: Int { dimensions.count }

  /// Whether there is one element, as a scalar or as a vector of it.
  public var isScalar: Bool { dimensions.isEmpty || dimensions == [1] }

  /// The shape with every name bound; nil where a name has no binding, an extent is negative or the shape is too large.
  public func shape(binding: [String: Int]) -> Shape? {
    let bound = dimensions.compactMap { $0.extent(binding: binding) }
    guard bound.count == dimensions.count, Shape.checkedElementCount(bound) != nil else { return nil }
    return Shape(bound)
  }

  public var description: String {
    "\(elementType.rawValue)[" + dimensions.map(\.description).joined(separator: ", ") + "]"
  }

  /// The dimensions of two operands broadcast against each other, as ONNX and NumPy do it; nil where they do not meet.
  public static func broadcast(_ left: [Dimension], _ right: [Dimension]) -> [Dimension]? {
    let rank = max(left.count, right.count)
    let padded = [left, right].map { Array(repeating: 1, count: rank - $0.count) + $0 }
    var result: [Dimension] = []
    for (a, b) in zip(padded[0], padded[1]) {
      if a == b || b == 1 {
        result.append(a)
      } else if a == 1 {
        result.append(b)
      } else {
        return nil
      }
    }
    return result
  }
}
