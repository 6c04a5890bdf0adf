extension OperatorCatalogue {
  static let normalization: [any Operator.Type] = [
    LayerNormalization.self, RowNormalizationGradient<LayerNormalization>.self,
    RMSNormalization.self, RowNormalizationGradient<RMSNormalization>.self,
  ]
}
