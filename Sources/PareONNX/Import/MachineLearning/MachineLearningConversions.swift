extension ImportCatalogue {
  /// Conversions of the operators of `ai.onnx.ml`.
  static let machineLearning: [any NodeImport.Type] = []
}
