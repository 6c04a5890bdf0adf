extension OperatorCatalogue {
  static let shapes: [any Operator.Type] = [
    ShapeOf.self, Size.self,
    Identity.self, Reshape.self, Flatten.self, Squeeze.self, Unsqueeze.self, ReshapeLike.self,
    Transpose.self, Concat.self, Split.self,
  ]
}
