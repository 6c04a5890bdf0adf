import PareTensor

/// Each row, from `axis` on, divided by its root mean square, then scaled.
///
/// - Shapes: `X`, `Scale` broadcastable to X → `Y` as X, of the type of Scale.
/// - Source: ONNX RMSNormalization; Zhang and Sennrich 2019, arXiv:1910.07467.
public enum RMSNormalization: RowNormalization {
  public static let name: OperatorName = "RMSNormalization"
  public static let inputCount = 2...2
  public static let attributeNames = ["axis", "epsilon", "stash_type"]
  public static let weightInputs: Set<Int> = [1]
  static let centers = false

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, _) = try operands(context, count: 1)
    _ = try stashType(context.node)
    return [ValueType(try context.input(1).elementType, x.dimensions)]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let results = try context.applyAll(
      RowNormalizationGradient<Self>.name, [dy] + context.node.inputs, context.node.attributes, outputCount: 2)
    return results.map { $0 }
  }
}
