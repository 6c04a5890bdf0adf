import PareTensor

/// The arithmetic mean of the elements under a window; with `count_include_pad` padding counts as zeros, as far as it is
/// declared.
///
/// - Source: ONNX AveragePool.
public enum AveragePool: PoolOperator {
  public static let name: OperatorName = "AveragePool"
  public static let attributeNames = WindowAttributes.names + ["ceil_mode", "count_include_pad"]

  private static func divisor<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar {
    if try node.int("count_include_pad", default: 0) != 0 {
      return { Scalar($0.pairs.paddedTapCount(of: $0.position)) }
    }
    return { $0.fold(0) { count, _ in count + 1 } }
  }

  static func fold<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar {
    let divisor = try divisor(node, Scalar.self)
    return { $0.fold(0, +) / divisor($0) }
  }

  static func spread<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar, PoolWindow<Scalar>, UnsafeMutablePointer<Scalar>) -> Void {
    let divisor = try divisor(node, Scalar.self)
    return { dy, _, window, dx in
      let share = dy / divisor(window)
      window.forEach { dx[$0] += share }
    }
  }
}

/// The arithmetic mean of each plane; NaN over nothing. Source: ONNX GlobalAveragePool.
public enum GlobalAveragePool: PoolOperator {
  public static let name: OperatorName = "GlobalAveragePool"
  static let isGlobal = true

  static func fold<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (PoolWindow<Scalar>) -> Scalar {
    { $0.fold(0, +) / $0.fold(0) { count, _ in count + 1 } }
  }

  static func spread<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar, PoolWindow<Scalar>, UnsafeMutablePointer<Scalar>) -> Void {
    { dy, _, window, dx in
      let share = dy / window.fold(0) { count, _ in count + 1 }
      window.forEach { dx[$0] += share }
    }
  }
}
