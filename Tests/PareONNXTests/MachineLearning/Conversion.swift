import PareGraph
import PareONNX
import PareTensor
import Testing

/// A node of `ai.onnx.ml`, converted and evaluated.
struct Conversion {
  let graph: Graph
  let metadata: [String: [String]]
  let outputs: [Tensor]

  /// - Parameters:
  ///   - constants: further inputs.
  ///   - texts: in place of the first input, constant strings.
  init(
    _ type: String, _ x: Tensor, _ attributes: [String: Attribute], opset: Int = 3, constants: [Tensor] = [],
    texts: [String]? = nil, tensors: [String: Tensor] = [:], outputs count: Int = 1
  ) throws {
    let name = OperatorName(type, domain: "ai.onnx.ml")
    let conversion = try #require(ImportCatalogue.conversion(of: name, opset: opset))
    var builder = GraphBuilder(name: "conversion")
    var inputs = [texts == nil ? try builder.input("x", ValueType(x)) : "texts"]
    for (index, constant) in constants.enumerated() {
      inputs.append(try builder.parameter("constant \(index)", constant, isTrainable: false))
    }
    let names = (0..<count).map { "y\($0)" }
    builder.reserve(names)
    var context = ImportContext(builder: builder)
    if let texts { context.texts["texts"] = texts }
    try conversion.convert(
      ONNXNode(
        name: "subject", operatorName: name, opset: opset, inputs: inputs, outputs: names, attributes: attributes,
        tensors: tensors),
      in: &context)
    for name in names { try context.builder.output(name) }
    graph = context.builder.graph
    metadata = context.metadata
    let results = try ReferenceEvaluator(graph).run(texts == nil ? ["x": x] : [:])
    outputs = try names.map { try #require(results[$0]) }
  }
}

/// Whether numbers agree within some roundings of Float32, relative to 1 or to what is expected.
func expectClose(
  _ found: Tensor, _ expected: [Double], roundings: Double = 16, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.elementCount == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found.doubles, expected) {
    let bound = roundings * 0x1p-24 * max(abs(expected), 1)
    #expect(abs(found - expected) <= bound, "\(found), not \(expected)", sourceLocation: sourceLocation)
  }
}
