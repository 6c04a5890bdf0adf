extension OperatorCatalogue {
  static let logic: [any Operator.Type] = []
}
