import PareTensor

/// Writes layers of signs in standard operators: the form in which other runtimes take them.
///
/// sgn(x) is `Where(GreaterOrEqual(X, 0), 1, −1)`, the sum `Gemm` with weights of ±1, then `Mul` by the scale and `Add` of
/// the bias. Sums of up to 2^24 signs are exact in Float32 in any order, so the bits are those of `pare.BinaryDense`.
/// Packed signs become the numbers ±1 that they stand for.
public enum BinaryDecomposition {
  /// - Throws: `graph.packed-signs` where packed signs enter or leave the graph or go to another operator.
  public static func decompose(_ graph: Graph) throws -> Graph {
    var decomposition = Decomposition(graph)
    return try decomposition.run()
  }
}

private struct Decomposition {
  let source: Graph
  var result: Graph
  var names: FreshNames
  /// The value of ±1 that stands for packed signs, and for the signs of a number.
  var signs: [String: String] = [:]
  var constants: [Float: String] = [:]

  init(_ graph: Graph) {
    source = graph
    result = graph
    result.nodes = []
    names = FreshNames(graph)
  }

  mutating func run() throws -> Graph {
    let types = try source.inferredTypes()
    var isPacked: Set<String> = []
    for node in source.nodes {
      switch node.operatorName {
      case PackSigns.name:
        signs[node.outputs[0]] = signOf(node.inputs[0])
        isPacked.insert(node.outputs[0])
      case BinaryDense.name:
        let x = node.inputs[0]
        let input: String
        if types[x]?.elementType == .uint8 {
          guard let known = signs[x] else { throw packedSigns(x) }
          input = known
        } else {
          input = signOf(x)
        }
        let packs = try node.int("packs", default: 0) != 0
        let y = dense(node, on: input, output: packs ? names.fresh("\(node.name).value") : node.outputs[0])
        if packs {
          signs[node.outputs[0]] = signOf(y)
          isPacked.insert(node.outputs[0])
        }
      default:
        if let wrong = node.inputs.first(where: isPacked.contains) { throw packedSigns(wrong) }
        result.nodes.append(node)
      }
    }
    if let wrong = source.outputs.first(where: { isPacked.contains($0.name) }) { throw packedSigns(wrong.name) }
    let decomposed = result.pruned()
    _ = try decomposed.inferredTypes()
    return decomposed
  }

  private mutating func dense(_ node: Node, on input: String, output: String) -> String {
    let sum = apply("Gemm", [input, node.inputs[1]], ["transB": .int(1)], "\(node.name).sum")
    let product = apply("Mul", [sum, node.inputs[2]], [:], "\(node.name).scaled")
    result.nodes.append(Node("Add", name: names.fresh("\(node.name).sum_and_bias"), inputs: [product, node.inputs[3]], outputs: [output]))
    return output
  }

  private mutating func signOf(_ value: String) -> String {
    if let known = signs[value] { return known }
    let isPositive = apply("GreaterOrEqual", [value, constant(0)], [:], "\(value).is_positive")
    let sign = apply("Where", [isPositive, constant(1), constant(-1)], [:], "\(value).sign")
    signs[value] = sign
    return sign
  }

  private mutating func constant(_ value: Float) -> String {
    if let known = constants[value] { return known }
    let name = names.fresh(value == 0 ? "zero" : value > 0 ? "plus_one" : "minus_one")
    result.parameters[name] = Parameter(ParameterStorage(Tensor(scalar: value)), isTrainable: false)
    constants[value] = name
    return name
  }

  private mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute], _ stem: String
  ) -> String {
    let name = names.fresh(stem)
    result.nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: [name], attributes: attributes))
    return name
  }

  private func packedSigns(_ value: String) -> GraphError {
    GraphError(
      "packed-signs", subject: "value '\(value)'", expected: "packed signs that go from one layer of signs to another",
      found: "signs that are used otherwise")
  }
}
