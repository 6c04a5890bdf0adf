extension OperatorCatalogue {
  static let arithmetic: [any Operator.Type] = [
    Add.self, Sub.self, Mul.self, Div.self, Mod.self, ModDivisorGradient.self,
    Pow.self, PowGradient.self, PowExponentGradient.self,
    Max.self, Min.self, ExtremumGradient.self,
    Sum.self, Mean.self,
  ]
}
