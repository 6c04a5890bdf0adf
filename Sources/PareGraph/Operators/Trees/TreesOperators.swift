extension OperatorCatalogue {
  static let trees: [any Operator.Type] = [TreeEnsemble.self]
}
