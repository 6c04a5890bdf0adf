import PareGraph
import PareTensor

/// A vectorized evaluation of an operator, where one applies.
///
/// It computes what the operator's reference does, within the bound that its documentation states; it returns nil for
/// element types and shapes that it does not take, which the reference then computes.
typealias FastForm = @Sendable (PreparationContext, TrainingKernels) throws -> Evaluation?

/// Every fast form of the batch executor. Adding one is a function in a file of this folder, and a line in the list
/// that stands there.
enum FastForms {
  static let all: [OperatorName: FastForm] = [
    products, elementwise, reductions, classification, convolution, pooling, normalization, recurrent, attention,
    rowNormalization, shapes, quantization, stateSpace,
  ].reduce(into: [:]) { forms, family in forms.merge(family) { first, _ in first } }
}

extension PreparationContext {
  /// Whether every input that is given, and every output, is Float32.
  var isFloat32: Bool {
    inputs.allSatisfy { $0 == nil || $0?.elementType == .float32 } && outputs.allSatisfy { $0.elementType == .float32 }
  }
}
