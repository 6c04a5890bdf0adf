extension OperatorCatalogue {
  static let elementwise: [any Operator.Type] = [
    Relu.self, ReluGradient.self,
    LeakyRelu.self, LeakyReluGradient.self,
    Sigmoid.self, SigmoidGradient.self,
    Tanh.self, TanhGradient.self,
    Gelu.self, GeluGradient.self,
    Clip.self, ClipGradient.self,
    Neg.self, Exp.self, Log.self, Sqrt.self,
    Cast.self, ZerosLike.self,
    Dropout.self,
  ]
}
