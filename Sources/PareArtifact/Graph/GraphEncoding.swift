import PareGraph
import PareTensor

/// A graph as compact JSON, beside the tensors that it does not hold itself (docs/artifact-format.md).
///
/// Names stand once. Values are numbered from 0: the inputs, the parameters, then the outputs of the nodes, each in
/// order; the tensors of the file in the order of their names' bytes; operators as they are listed.
struct GraphEncoding {
  /// The JSON text.
  let text: String
  /// The sections of the parameters, by name.
  let tensors: [String: Tensor]
  /// How numbers of less than a byte lie in their section, by its name.
  let forms: [String: NumberForm]

  /// - Throws: `GraphError` where the graph is not valid; `artifact.tensor-name` where two parameters' sections have
  ///   one name.
  init(_ graph: Graph) throws {
    _ = try graph.inferredTypes()
    tensors = try Self.sections(of: graph)
    forms = Self.forms(of: graph)
    let sorted = tensors.keys.sorted { $0.precedesByBytes($1) }
    let tensorNumbers = Dictionary(uniqueKeysWithValues: zip(sorted, sorted.indices))
    var numbers: [String: Int] = [:]
    for (number, name) in (graph.inputs.map(\.name) + graph.parameters.keys).enumerated() { numbers[name] = number }
    var next = numbers.count
    var operators: [OperatorName] = []
    var nodes: [String] = []
    for node in graph.nodes {
      let known = operators.firstIndex(of: node.operatorName)
      if known == nil { operators.append(node.operatorName) }
      nodes.append(Self.node(node, known ?? operators.count - 1, numbers))
      for output in node.outputs {
        if !output.isEmpty { numbers[output] = next }
        next += 1
      }
    }
    let trainable = graph.parameters.values.enumerated().filter { $1.isTrainable }
    text = JSONText.object([
      ("name", JSONText.string(graph.name)),
      ("opset", String(Graph.opset)),
      ("inputs", JSONText.array(graph.inputs.map(Self.input))),
      ("parameters", JSONText.array(graph.parameters.map { Self.parameter($0, $1.storage, tensorNumbers) })),
      ("trainable", JSONText.array(trainable.map { String($0.offset) })),
      ("operators", JSONText.array(operators.map { JSONText.string($0.description) })),
      ("nodes", JSONText.array(nodes)),
      ("outputs", JSONText.array(graph.outputs.map { String(numbers[$0.name] ?? -1) })),
    ])
  }

  /// What the file holds as tensors: the sections of all parameters but those that stand in the JSON.
  private static func sections(of graph: Graph) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, parameter) in graph.parameters where inlineScalar(parameter.storage) == nil {
      for section in parameter.storage.sections {
        guard tensors.updateValue(section.tensor, forKey: name + section.suffix) == nil else {
          throw ArtifactError(
            "tensor-name", subject: "parameter \(quoted(name))", expected: "sections with names of their own",
            found: "a second \(quoted(name + section.suffix))")
        }
      }
    }
    return tensors
  }

  private static func forms(of graph: Graph) -> [String: NumberForm] {
    var forms: [String: NumberForm] = [:]
    for (name, parameter) in graph.parameters where parameter.storage.coding == .none && inlineScalar(parameter.storage) == nil {
      let shape = parameter.storage.shape
      for section in parameter.storage.plainSections where section.itemBits < 8 {
        let isDense = section.itemCount == shape.elementCount
        forms[name + section.suffix] = NumberForm(
          itemBits: section.itemBits, rowLength: isDense && shape.rank >= 2 ? shape[shape.rank - 1] : 0, elementType: .uint8)
      }
    }
    return forms
  }

  /// `["features","F32",["batch",20]]`
  private static func input(_ input: ValueInfo) -> String {
    let dimensions = input.type.dimensions.map { dimension in
      // An input's extent is a number or a name; products arise inside a graph.
      dimension.fixedValue.map(String.init) ?? JSONText.string(dimension.description)
    }
    return JSONText.array([
      JSONText.string(input.name), JSONText.string(input.type.elementType.artifactName), JSONText.array(dimensions),
    ])
  }

  /// `7` for the dense tensor of that number, `["name","F32",0.5]` for a number that stands here, and
  /// `["name","bitmask","F32",[128,20]]` for every other storage, with `"entropy"` behind the shape where sections are coded.
  private static func parameter(_ name: String, _ storage: ParameterStorage, _ tensorNumbers: [String: Int]) -> String {
    if let scalar = inlineScalar(storage) {
      return JSONText.array([JSONText.string(name), JSONText.string(storage.elementType.artifactName), scalar])
    }
    if storage.layout == .dense, storage.coding == .none, case .plain(let type) = storage.element, !type.isFourBit,
      let number = tensorNumbers[name]
    {
      return String(number)
    }
    let coding = storage.coding == .none ? [] : [JSONText.string(storage.coding.rawValue)]
    return JSONText.array([
      JSONText.string(name), JSONText.string(storage.layout.rawValue), JSONText.string(storage.element.artifactName),
      JSONText.array(storage.shape.dimensions.map(String.init)),
    ] + coding)
  }

  /// A dense tensor of rank 0 as the shortest decimal that gives it back exactly; nil where there is none.
  private static func inlineScalar(_ storage: ParameterStorage) -> String? {
    guard storage.shape.rank == 0, storage.layout == .dense, case .plain(let type) = storage.element else { return nil }
    let tensor = storage.decoded()
    func decimal<Integer: TensorElement & FixedWidthInteger>(_: Integer.Type) -> String {
      String(tensor.values(as: Integer.self)[0])
    }
    switch type {
    case .float32:
      let value = tensor.values(as: Float.self)[0]
      return value.isFinite ? value.description : nil
    case .float64:
      let value = tensor.values(as: Double.self)[0]
      return value.isFinite ? value.description : nil
    case .int8: return decimal(Int8.self)
    case .uint8: return decimal(UInt8.self)
    case .int16: return decimal(Int16.self)
    case .uint16: return decimal(UInt16.self)
    case .int32: return decimal(Int32.self)
    case .uint32: return decimal(UInt32.self)
    case .int64: return decimal(Int64.self)
    case .uint64: return decimal(UInt64.self)
    case .int4, .uint4: return String(Int(tensor.doubles[0]))
    case .float16, .bfloat16, .bool: return nil
    }
  }

  /// `[2,"dense_0",[3,4,5],{"transB":1}]`: operator, name, inputs. The outputs stand before the attributes where they are not just the
  /// node's name.
  private static func node(_ node: Node, _ operatorNumber: Int, _ numbers: [String: Int]) -> String {
    var parts = [
      String(operatorNumber), JSONText.string(node.name),
      JSONText.array(node.inputs.map { String(numbers[$0] ?? -1) }),
    ]
    if node.outputs != [node.name] { parts.append(JSONText.array(node.outputs.map(JSONText.string))) }
    if !node.attributes.isEmpty {
      let sorted = node.attributes.sorted { $0.key.precedesByBytes($1.key) }
      parts.append(JSONText.object(sorted.map { ($0.key, AttributeCoding.encode($0.value)) }))
    }
    return JSONText.array(parts)
  }
}

extension ElementType {
  /// What a graph calls an element type: safetensors' name where that format has the type.
  var artifactName: String {
    switch self {
    case .int4: "I4"
    case .uint4: "U4"
    default: safetensorsName ?? rawValue
    }
  }

  private static let byArtifactName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.artifactName, $0) })

  init?(artifactName name: String) {
    guard let type = Self.byArtifactName[name] else { return nil }
    self = type
  }
}
