extension OperatorCatalogue {
  static let classification: [any Operator.Type] = [
    Softmax.self, SoftmaxGradient.self,
    LogSoftmax.self, LogSoftmaxGradient.self,
    SoftmaxCrossEntropyLoss.self, SoftmaxCrossEntropyLossGradient.self,
    NegativeLogLikelihoodLoss.self, NegativeLogLikelihoodLossGradient.self,
    Hardmax.self, Decide.self,
  ]
}
