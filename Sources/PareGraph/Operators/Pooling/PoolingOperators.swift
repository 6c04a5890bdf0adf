extension OperatorCatalogue {
  static let pooling: [any Operator.Type] = []
}
