extension OperatorCatalogue {
  static let indexing: [any Operator.Type] = []
}
