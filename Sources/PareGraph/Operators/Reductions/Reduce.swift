import PareTensor
import RealModule

/// Sum over axes; 0 over nothing.
public enum ReduceSum: ReductionOperator {
  public static let name: OperatorName = "ReduceSum"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar { group.fold(0, +) }
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element { group.fold(0, &+) }
  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar { 1 }
}

/// Arithmetic mean over axes; NaN over nothing.
public enum ReduceMean: ReductionOperator {
  public static let name: OperatorName = "ReduceMean"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(0, +) / group.count
  }

  /// In Float64, towards zero; 0 over nothing.
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element {
    Element(clamping: group.fold(0.0) { $0 + $1.double } / Double(group.offsets.count))
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
  static var reducesTruthValues: Bool { true }

  /// How many elements attain the extreme.
  static func statistic<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>, result: Scalar) -> Scalar {
    group.fold(0) { $1 == result ? $0 + 1 : $0 }
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    element == result ? 1 / statistic : 0
  }
}

/// Maximum over axes; −∞ (of integers the least one) over nothing, NaN where there is one.
public enum ReduceMax: ExtremeOperator {
  public static let name: OperatorName = "ReduceMax"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(-Scalar.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
  }

  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element { group.fold(.min) { max($0, $1) } }
}

/// Minimum over axes; ∞ (of integers the largest one) over nothing, NaN where there is one.
public enum ReduceMin: ExtremeOperator {
  public static let name: OperatorName = "ReduceMin"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar {
    group.fold(Scalar.infinity) { $1 < $0 || $1.isNaN ? $1 : $0 }
  }

  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element { group.fold(.max) { min($0, $1) } }
}

/// Product over axes; 1 over nothing.
public enum ReduceProd: ReductionOperator {
  public static let name: OperatorName = "ReduceProd"

  static func reduce<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> Scalar { group.fold(1, *) }
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element { group.fold(1, &*) }

  /// The product of a vector of extents, as exporters count elements.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard let known = context.known(0), known.tensor == nil, known.shape.rank == 1, let extents = known.extents,
      let shape = outputs[0].shape(binding: [:]), shape.elementCount == 1
    else { return try evaluateConstants(context, outputs) }
    return [
      DimensionProduct(extents).map {
        KnownValue(extents: [$0.dimension], elementType: outputs[0].elementType, shape: shape)
      }
    ]
  }

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

  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element {
    group.fold(0) { $1 < 0 ? $0 &- $1 : $0 &+ $1 }
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

  /// In Float64, towards zero.
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element {
    Element(clamping: group.fold(0.0) { $0 + $1.double * $1.double }.squareRoot())
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

  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element { group.fold(0) { $0 &+ $1 &* $1 } }

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

  /// In Float64, towards zero.
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element {
    Element(clamping: Double.log(group.fold(0.0) { $0 + $1.double }))
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

  /// In Float64, towards zero.
  static func reduceIntegers<Element: IntegerElement>(_ group: ReductionGroup<Element>) -> Element {
    let greatest = group.fold(-Double.infinity) { max($0, $1.double) }
    return Element(clamping: greatest + Double.log(group.fold(0.0) { $0 + Double.exp($1.double - greatest) }))
  }

  static func slope<Scalar: FloatingPointElement>(_ element: Scalar, result: Scalar, statistic: Scalar) -> Scalar {
    Scalar.exp(element - result)
  }
}
