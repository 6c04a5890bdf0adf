extension OperatorCatalogue {
  static let arithmetic: [any Operator.Type] = [
    Add.self, Sub.self, Mul.self, Div.self,
  ]
}
