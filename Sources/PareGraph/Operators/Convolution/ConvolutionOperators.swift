extension OperatorCatalogue {
  static let convolution: [any Operator.Type] = []
}
