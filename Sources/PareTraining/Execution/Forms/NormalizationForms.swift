import PareGraph
import PareTensor

/// Normalization over axes.
extension FastForms {
  static let normalization: [OperatorName: FastForm] = [
    "BatchNormalization": BatchNormalizationForms.forward,
    "pare.BatchNormalizationGradient": BatchNormalizationForms.gradient,
  ]
}
