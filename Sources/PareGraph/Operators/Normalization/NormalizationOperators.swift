extension OperatorCatalogue {
  static let normalization: [any Operator.Type] = []
}
