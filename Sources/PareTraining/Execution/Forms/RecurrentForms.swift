import PareGraph
import PareTensor

/// Recurrent layers.
extension FastForms {
  static let recurrent: [OperatorName: FastForm] = [:]
}
