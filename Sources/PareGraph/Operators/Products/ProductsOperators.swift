extension OperatorCatalogue {
  static let products: [any Operator.Type] = [
    Gemm.self, MatMul.self, Einsum.self, EinsumGradient.self,
  ]
}
