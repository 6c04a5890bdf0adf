extension OperatorCatalogue {
  static let pooling: [any Operator.Type] = [
    MaxPool.self, PoolGradient<MaxPool>.self, AveragePool.self, PoolGradient<AveragePool>.self,
    LpPool.self, PoolGradient<LpPool>.self,
    GlobalMaxPool.self, PoolGradient<GlobalMaxPool>.self, GlobalAveragePool.self, PoolGradient<GlobalAveragePool>.self,
    GlobalLpPool.self, PoolGradient<GlobalLpPool>.self,
  ]
}
