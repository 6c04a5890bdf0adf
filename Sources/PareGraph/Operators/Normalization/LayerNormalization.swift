import PareTensor

/// Each row, from `axis` on, brought to mean 0 and variance 1, then scaled and shifted.
///
/// - Shapes: `X`, `Scale` and `B` broadcastable to X → `Y` as X; `Mean` and `InvStdDev` with extents of 1 from `axis` on.
/// - Source: ONNX LayerNormalization; Ba et al. 2016, arXiv:1607.06450.
public enum LayerNormalization: RowNormalization {
  public static let name: OperatorName = "LayerNormalization"
  public static let inputCount = 2...3
  public static let outputCount = 1...3
  public static let attributeNames = ["axis", "epsilon", "stash_type"]
  public static let weightInputs: Set<Int> = [1, 2]
  static let centers = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, axis) = try operands(context, count: 2)
    let stashed = ValueType(try stashType(context.node), x.dimensions[..<axis] + x.dimensions[axis...].map { _ in 1 })
    return Array([x, stashed, stashed].prefix(max(context.node.outputs.count, 1)))
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard context.outputGradients.contains(where: { $0 != nil }) else { return context.noGradients }
    let inputs = context.node.inputs
    let hasBias = context.node.input(2) != nil
    let given = context.outputGradients.map { $0 ?? "" } + ["", "", ""]
    let results = try context.applyAll(
      RowNormalizationGradient<Self>.name, [given[0], inputs[0], inputs[1], hasBias ? inputs[2] : "", given[1], given[2]],
      context.node.attributes, outputCount: hasBias ? 3 : 2)
    return Array((results.map { Optional($0) } + [nil]).prefix(inputs.count))
  }
}
