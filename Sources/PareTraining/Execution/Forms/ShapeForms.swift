import PareGraph
import PareTensor

/// Operators that only move elements.
extension FastForms {
  static let shapes: [OperatorName: FastForm] = [:]
}
