/// What a node of a tree asks about a feature; the number is ONNX's.
public enum TreeComparison: UInt8, Sendable, CaseIterable {
  case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual

  /// Every comparison with NaN is false, but that it differs.
  @inline(__always)
  func holds<Scalar: FloatingPointElement>(_ value: Scalar, _ threshold: Scalar) -> Bool {
    switch self {
    case .lessOrEqual: value <= threshold
    case .less: value < threshold
    case .greaterOrEqual: value >= threshold
    case .greater: value > threshold
    case .equal: value == threshold
    case .notEqual: value != threshold
    }
  }
}
