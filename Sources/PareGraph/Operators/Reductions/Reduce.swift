import PareTensor

/// Sum over axes; 0 over nothing.
public enum ReduceSum: ReductionOperator {
  public static let name: OperatorName = "ReduceSum"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar { group.fold(0, +) }
  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar { 1 }
}

/// Arithmetic mean over axes; NaN over nothing.
public enum ReduceMean: ReductionOperator {
  public static let name: OperatorName = "ReduceMean"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(0, +) / group.count
  }

  /// The number of elements.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar {
    group.count
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    1 / statistic
  }
}

/// A reduction that picks one of its elements; where several are equal they share the gradient evenly.
protocol ExtremeOperator: ReductionOperator {}

extension ExtremeOperator {
  /// How many elements attain the extreme.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar {
    group.fold(0) { $1 == result ? $0 + 1 : $0 }
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    element == result ? 1 / statistic : 0
  }
}

/// Maximum over axes; −∞ over nothing, NaN where there is one.
public enum ReduceMax: ExtremeOperator {
  public static let name: OperatorName = "ReduceMax"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(-Scalar.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
  }
}

/// Minimum over axes; ∞ over nothing, NaN where there is one.
public enum ReduceMin: ExtremeOperator {
  public static let name: OperatorName = "ReduceMin"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(Scalar.infinity) { $1 < $0 || $1.isNaN ? $1 : $0 }
  }
}

/// Product over axes; 1 over nothing.
public enum ReduceProd: ReductionOperator {
  public static let name: OperatorName = "ReduceProd"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar { group.fold(1, *) }

  /// The product of the elements that are not 0; or 0 where two are, since then no single one changes the product.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar {
    group.fold(0) { $1 == 0 ? $0 + 1 : $0 } > 1 ? 0 : group.fold(1) { $1 == 0 ? $0 : $0 * $1 }
  }

  /// The product of the other elements.
  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    element == 0 ? statistic : result / element
  }
}

/// Sum of magnitudes over axes. The slope at 0 is 0.
public enum ReduceL1: ReductionOperator {
  public static let name: OperatorName = "ReduceL1"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(0) { $0 + $1.magnitude }
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    element > 0 ? 1 : element < 0 ? -1 : element
  }
}

/// Euclidean norm over axes. The slope at the origin is 0.
public enum ReduceL2: ReductionOperator {
  public static let name: OperatorName = "ReduceL2"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(0) { $0 + $1 * $1 }.squareRoot()
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    result == 0 ? 0 : element / result
  }
}

/// Sum of squares over axes.
public enum ReduceSumSquare: ReductionOperator {
  public static let name: OperatorName = "ReduceSumSquare"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(0) { $0 + $1 * $1 }
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    2 * element
  }
}

/// Logarithm of the sum over axes.
public enum ReduceLogSum: ReductionOperator {
  public static let name: OperatorName = "ReduceLogSum"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    Scalar.log(group.fold(0, +))
  }

  /// The sum.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar {
    group.fold(0, +)
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    1 / statistic
  }
}

/// `max X + ln Σ exp(X − max X)` over axes; −∞ over nothing.
public enum ReduceLogSumExp: ReductionOperator {
  public static let name: OperatorName = "ReduceLogSumExp"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    let greatest = ReduceMax.reduce(group)
    guard greatest.isFinite else { return greatest }
    return greatest + Scalar.log(group.fold(0) { $0 + Scalar.exp($1 - greatest) })
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    Scalar.exp(element - result)
  }
}
