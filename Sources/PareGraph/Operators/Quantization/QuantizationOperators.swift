extension OperatorCatalogue {
  static let quantization: [any Operator.Type] = [
    QuantizeLinear.self, QuantizeLinearGradient.self, DequantizeLinear.self, DynamicQuantizeLinear.self,
    MatMulInteger.self, QLinearMatMul.self, ConvInteger.self, QLinearConv.self, QuantizeByReciprocal.self, QuantizedDense.self,
    QuantizedConvolution.self, DynamicQuantizedDense.self,
    QuantizedGroupDense.self, BinaryDense.self, PackSigns.self, FakeQuantize.self, FakeQuantizeGradient.self, Binarize.self,
  ]
}
