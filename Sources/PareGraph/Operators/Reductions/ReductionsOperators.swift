extension OperatorCatalogue {
  static let reductions: [any Operator.Type] = [
    ReduceSum.self, ReductionGradient<ReduceSum>.self,
    ReduceMean.self, ReductionGradient<ReduceMean>.self,
    ReduceMax.self, ReductionGradient<ReduceMax>.self,
    ReduceMin.self, ReductionGradient<ReduceMin>.self,
    ReduceProd.self, ReductionGradient<ReduceProd>.self,
    ReduceL1.self, ReductionGradient<ReduceL1>.self,
    ReduceL2.self, ReductionGradient<ReduceL2>.self,
    ReduceSumSquare.self, ReductionGradient<ReduceSumSquare>.self,
    ReduceLogSum.self, ReductionGradient<ReduceLogSum>.self,
    ReduceLogSumExp.self, ReductionGradient<ReduceLogSumExp>.self,
  ]
}
