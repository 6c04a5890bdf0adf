extension OperatorCatalogue {
  static let normalization: [any Operator.Type] = [
    BatchNormalization.self, BatchNormalizationGradient.self,
    InstanceNormalization.self, ChannelGroupGradient<InstanceNormalization>.self,
    GroupNormalization.self, ChannelGroupGradient<GroupNormalization>.self,
    LpNormalization.self, LpNormalizationGradient.self,
    MeanVarianceNormalization.self, MeanVarianceNormalizationGradient.self,
    LRN.self, LRNGradient.self,
    LayerNormalization.self, RowNormalizationGradient<LayerNormalization>.self,
    RMSNormalization.self, RowNormalizationGradient<RMSNormalization>.self,
  ]
}
