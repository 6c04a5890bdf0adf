extension OperatorCatalogue {
  static let attention: [any Operator.Type] = []
}
