extension OperatorCatalogue {
  static let arithmetic: [any Operator.Type] = [
    Add.self, Sub.self, Mul.self, Div.self, Mod.self, Pow.self,
    Max.self, Min.self, Sum.self, Mean.self,
  ]
}
