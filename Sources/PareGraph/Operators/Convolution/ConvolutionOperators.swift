extension OperatorCatalogue {
  static let convolution: [any Operator.Type] = [
    Conv.self, ConvolutionInputGradient<Conv>.self, ConvolutionWeightGradient<Conv>.self,
    ConvTranspose.self, ConvolutionInputGradient<ConvTranspose>.self, ConvolutionWeightGradient<ConvTranspose>.self,
  ]
}
