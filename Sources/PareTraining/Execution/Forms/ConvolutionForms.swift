import PareGraph
import PareTensor

/// Convolutions and pooling.
extension FastForms {
  static let convolution: [OperatorName: FastForm] = [:]
}
