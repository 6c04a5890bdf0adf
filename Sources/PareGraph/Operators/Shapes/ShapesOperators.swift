extension OperatorCatalogue {
  static let shapes: [any Operator.Type] = [
    Identity.self, Reshape.self, Flatten.self, Squeeze.self, Unsqueeze.self, ReshapeLike.self,
    Transpose.self, Concat.self, Split.self,
  ]
}
