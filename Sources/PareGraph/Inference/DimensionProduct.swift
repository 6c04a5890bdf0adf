import PareTensor

/// A product of extents: a number times symbols.
struct DimensionProduct: Equatable {
  var factor = 1
  /// With multiplicity, in order.
  var symbols: [String] = []

  /// Nil where the numbers overflow.
  init?(_ dimensions: some Sequence<Dimension>) {
    var factors: [Int] = []
    for dimension in dimensions {
      switch dimension {
      case .fixed(let extent): factors.append(extent)
      case .symbolic(let name): symbols.append(name)
      case .product(let factor, let names):
        factors.append(factor)
        symbols += names
      }
    }
    guard let product = Shape.checkedElementCount(factors) else { return nil }
    factor = product
    symbols.sort()
  }

  /// The product as one extent.
  var dimension: Dimension {
    switch (factor, symbols.count) {
    case (0, _): .fixed(0)
    case (_, 0): .fixed(factor)
    case (1, 1): .symbolic(symbols[0])
    default: .product(factor: factor, symbols: symbols)
    }
  }

  /// The extent that times `divisor` gives this, where there is one.
  func dividing(by divisor: DimensionProduct) -> Dimension? {
    guard divisor.factor > 0, factor.isMultiple(of: divisor.factor) else { return nil }
    var quotient = self
    quotient.factor /= divisor.factor
    for symbol in divisor.symbols {
      guard let index = quotient.symbols.firstIndex(of: symbol) else { return nil }
      quotient.symbols.remove(at: index)
    }
    return quotient.dimension
  }
}
