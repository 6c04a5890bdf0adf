/// Every technique that recipes can name. Adding one is a folder beside this file and a line here.
public enum TechniqueCatalogue {
  public static let all: [any CompressionTechnique.Type] = [
    Distillation.self,
    TreeDistillation.self,
    LookUpTable.self,
    Pruning.self,
    LotteryTicket.self,
    StructuredPruning.self,
    FeatureSelection.self,
    BlockRemoval.self,
    Quantization.self,
    QuantizationAwareTraining.self,
    MixedPrecision.self,
    LowRankFactorization.self,
    TensorFactorization.self,
    WeightSharing.self,
    EntropyQuantization.self,
    EntropyCoding.self,
    CrossLayerEqualization.self,
    ActivationSmoothing.self,
    LowRankAdaptation.self,
  ]

  /// The key under which a step of a recipe names its technique.
  static let key = "technique"

  /// - Throws: `CompressionError` `compression.unknown-value`, with the nearest name.
  static func type(named name: String, at path: ParameterPath) throws -> any CompressionTechnique.Type {
    guard let type = all.first(where: { $0.name == name }) else {
      throw CompressionError(
        "unknown-value", subject: path.key(key).description,
        expected: NearestWord.expectation(name, among: all.map { $0.name }), found: "'\(name)'")
    }
    return type
  }
}
