extension OperatorCatalogue {
  static let logic: [any Operator.Type] = [
    Equal.self, Greater.self, GreaterOrEqual.self, Less.self, LessOrEqual.self,
    And.self, Or.self, Xor.self, Not.self, Where.self, IsNaN.self, IsInf.self,
    BitwiseAnd.self, BitwiseOr.self, BitwiseXor.self, BitwiseNot.self, BitShift.self,
  ]
}
