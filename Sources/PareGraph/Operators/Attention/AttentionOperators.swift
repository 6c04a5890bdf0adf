extension OperatorCatalogue {
  static let attention: [any Operator.Type] = [
    Attention.self, AttentionGradient.self, RotaryEmbedding.self, RotaryEmbeddingGradient.self,
  ]
}
