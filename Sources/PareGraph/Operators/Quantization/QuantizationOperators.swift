extension OperatorCatalogue {
  static let quantization: [any Operator.Type] = [
    QuantizeLinear.self, QuantizeLinearGradient.self, DequantizeLinear.self,
    QuantizeByReciprocal.self, QuantizedDense.self,
  ]
}
