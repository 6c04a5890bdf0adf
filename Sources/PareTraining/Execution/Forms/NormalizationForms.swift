import PareGraph
import PareTensor

/// Normalization over axes.
extension FastForms {
  static let normalization: [OperatorName: FastForm] = [:]
}
