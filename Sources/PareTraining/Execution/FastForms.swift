import PareGraph
import PareTensor

/// A vectorized evaluation of an operator, where one applies.
///
/// It computes what the operator's reference does, within the bound that its documentation states; it returns nil for
/// element types and shapes that it does not take, which the reference then computes.
typealias FastForm = @Sendable (PreparationContext, TrainingKernels) throws -> Evaluation?

/// Every fast form of the batch executor. Adding one is a function in a file beside this one and a line here.
enum FastForms {
  static let all: [OperatorName: FastForm] = [
    "Gemm": { try MatrixForms.gemm($0, $1, appliesRelu: false) },
    "MatMul": MatrixForms.matMul,

    "Add": ElementwiseForms.binary(\.add),
    "Sub": ElementwiseForms.binary(\.subtract),
    "Mul": ElementwiseForms.binary(\.multiply),
    "Div": ElementwiseForms.binary(\.divide),
    "pare.ReluGradient": ElementwiseForms.binary(\.relu_gradient),
    "pare.SigmoidGradient": ElementwiseForms.binary(\.sigmoid_gradient),
    "pare.TanhGradient": ElementwiseForms.binary(\.tanh_gradient),

    "Neg": ElementwiseForms.unary(\.negate),
    "Relu": ElementwiseForms.unary(\.relu),
    "Exp": ElementwiseForms.unary(\.exponential),
    "Tanh": ElementwiseForms.unary(\.tanh),
    "Sigmoid": ElementwiseForms.unary(\.sigmoid),
    "LeakyRelu": ElementwiseForms.leakyRelu,
    "pare.LeakyReluGradient": ElementwiseForms.leakyReluGradient,
    "Clip": ElementwiseForms.clip,
    "Identity": ElementwiseForms.copy,
    "Reshape": ElementwiseForms.copy,
    "Flatten": ElementwiseForms.copy,

    "ReduceSum": { try ReductionForms.reduction($0, $1, takesMean: false) },
    "ReduceMean": { try ReductionForms.reduction($0, $1, takesMean: true) },
    "pare.ReduceSumGradient": { try ReductionForms.gradient($0, $1, takesMean: false) },
    "pare.ReduceMeanGradient": { try ReductionForms.gradient($0, $1, takesMean: true) },

    "Softmax": { try SoftmaxForms.forward($0, $1, \.softmax) },
    "LogSoftmax": { try SoftmaxForms.forward($0, $1, \.log_softmax) },
    "pare.SoftmaxGradient": { try SoftmaxForms.gradient($0, $1, \.softmax_gradient) },
    "pare.LogSoftmaxGradient": { try SoftmaxForms.gradient($0, $1, \.log_softmax_gradient) },
    "SoftmaxCrossEntropyLoss": SoftmaxForms.crossEntropy,
    "pare.SoftmaxCrossEntropyLossGradient": SoftmaxForms.crossEntropyGradient,
  ]
}

extension PreparationContext {
  /// Whether every input that is given, and every output, is Float32.
  var isFloat32: Bool {
    inputs.allSatisfy { $0 == nil || $0?.elementType == .float32 } && outputs.allSatisfy { $0.elementType == .float32 }
  }
}
