extension OperatorCatalogue {
  static let indexing: [any Operator.Type] = [
    Slice.self, SeparableGradient<Slice>.self,
    Expand.self, SeparableGradient<Expand>.self,
    Tile.self, SeparableGradient<Tile>.self,
    Pad.self, SeparableGradient<Pad>.self,
    Gather.self, GatherGradient.self, GatherElements.self, ScatterElements.self,
    ArgMax.self, ArgMin.self, TopK.self, CumSum.self,
    GatherND.self, ScatterND.self, OneHot.self, DepthToSpace.self, SpaceToDepth.self,
    RangeOperator.self, EyeLike.self, Trilu.self,
  ]
}
