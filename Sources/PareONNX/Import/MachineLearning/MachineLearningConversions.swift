extension ImportCatalogue {
  /// Conversions of the operators of `ai.onnx.ml`.
  static let machineLearning: [any NodeImport.Type] = [
    ScalerImport.self, NormalizerImport.self, BinarizerImport.self, ImputerImport.self,
    LinearRegressorImport.self, LinearClassifierImport.self,
    TreeEnsembleRegressorImport.self, TreeEnsembleClassifierImport.self, TreeEnsemble5Import.self,
    ZipMapImport.self, ArrayFeatureExtractorImport.self, LabelEncoderImport.self,
  ]
}
