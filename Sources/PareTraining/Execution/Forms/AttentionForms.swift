import PareGraph
import PareTensor

/// Attention.
extension FastForms {
  static let attention: [OperatorName: FastForm] = [:]
}
