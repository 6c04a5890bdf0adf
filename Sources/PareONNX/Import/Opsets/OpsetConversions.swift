import PareGraph

extension ImportCatalogue {
  /// Conversions within the standard domain, and of what other runtimes add to it.
  static let opsets: [any NodeImport.Type] = [
    ReduceL1Axes.self, ReduceL2Axes.self, ReduceLogSumAxes.self, ReduceLogSumExpAxes.self, ReduceMaxAxes.self,
    ReduceMeanAxes.self, ReduceMinAxes.self, ReduceProdAxes.self, ReduceSumSquareAxes.self,
    CastLikeImport.self, ConstantOfShapeImport.self, DequantizeLinearImport.self, GroupNormalization18.self, MicrosoftGelu.self,
    Split13.self,
  ]
}
