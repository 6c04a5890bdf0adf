extension OperatorCatalogue {
  static let recurrent: [any Operator.Type] = []
}
