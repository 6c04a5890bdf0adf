import PareGraph
import PareTensor

/// Puts a graph together from its JSON and the tensors of the file, checking every part.
struct GraphDecoding {
  private(set) var graph: Graph
  private let file: String
  private let tensors: [String: Tensor]
  private var unclaimed: Set<String>
  /// Every layout holds at least a bit per element, or the share of one that a code may stand for, so the file's size bounds what a
  /// shape may claim.
  private let claimable: Int
  /// Names of tensors by number.
  private let tensorNames: [String]
  private var operators: [OperatorName] = []
  /// Names of values by number.
  private var values: [String] = []

  /// - Parameter file: what messages call the file.
  /// - Throws: `ArtifactError` that names the place in the JSON, or the tensor; `artifact.graph` with the `GraphError`
  ///   where the parts do not make a graph.
  static func graph(_ text: String, tensors: [String: Tensor], file: String) throws -> Graph {
    let value: JSONValue
    do {
      value = try JSONParser.parse(text)
    } catch {
      throw ArtifactError("content", subject: "\(file): graph", expected: "JSON", found: "\(error)")
    }
    var decoding = GraphDecoding(file: file, tensors: tensors)
    try decoding.decode(JSONElement(value: value, path: "\(file): graph"))
    return decoding.graph
  }

  private init(file: String, tensors: [String: Tensor]) {
    self.file = file
    self.tensors = tensors
    unclaimed = Set(tensors.keys)
    tensorNames = tensors.keys.sorted { $0.precedesByBytes($1) }
    claimable = tensors.reduce(0) { $0 + $1.value.byteCount * ParameterStorage.maximumRatio(ofSection: $1.key) } * 8
    graph = Graph(name: "")
  }

  private mutating func decode(_ element: JSONElement) throws {
    let members = try element.members(["name", "opset", "inputs", "parameters", "trainable", "operators", "nodes", "outputs"])
    func elements(_ key: String) throws -> [JSONElement] { try members[key]?.elements() ?? [] }
    graph.name = try members["name"]?.string() ?? ""
    _ = try members["opset"]?.integer(in: Graph.opset...Graph.opset, "opset \(Graph.opset)")
    for input in try elements("inputs") { try decodeInput(input) }
    for parameter in try elements("parameters") { try decodeParameter(parameter) }
    try decodeTrainable(try elements("trainable"))
    operators = try elements("operators").map { OperatorName(parsing: try $0.string()) }
    for node in try elements("nodes") { try decodeNode(node) }
    if let name = unclaimed.min(by: { $0.precedesByBytes($1) }) {
      throw ArtifactError(
        "unused-tensor", subject: file, expected: "only tensors that the graph uses", found: quoted(name))
    }
    try decodeOutputs(try elements("outputs"))
  }

  private mutating func decodeInput(_ element: JSONElement) throws {
    let parts = try element.elements()
    guard parts.count == 3 else { throw element.mismatch("[name, type, extents]") }
    var dimensions: [Dimension] = []
    for part in try parts[2].elements() {
      if case .string(let name) = part.value {
        dimensions.append(.symbolic(name))
      } else {
        dimensions.append(.fixed(try part.integer(in: 0...Int(Int32.max), "an extent below 2^31 or a name")))
      }
    }
    let name = try parts[0].string()
    graph.inputs.append(ValueInfo(name, ValueType(try elementType(parts[1]), dimensions)))
    values.append(name)
  }

  private mutating func decodeParameter(_ element: JSONElement) throws {
    let name: String
    let storage: ParameterStorage
    if case .number = element.value {
      name = tensorNames[try element.index(below: tensorNames.count, "the number of a tensor")]
      storage = ParameterStorage(try claim(name, for: element))
    } else {
      let parts = try element.elements()
      switch parts.count {
      case 3:
        name = try parts[0].string()
        storage = ParameterStorage(try scalar(parts[2], of: try elementType(parts[1])))
      case 4, 5:
        name = try parts[0].string()
        storage = try composed(name, parts)
      default: throw element.mismatch("a number, [name, type, number] or [name, layout, element, shape, coding?]")
      }
    }
    guard graph.parameters.updateValue(Parameter(storage, isTrainable: false), forKey: name) == nil else {
      throw ArtifactError("content", subject: element.path, expected: "a name used once", found: "a second \(quoted(name))")
    }
    values.append(name)
  }

  private mutating func claim(_ name: String, for element: JSONElement) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw ArtifactError("content", subject: element.path, expected: "a tensor of the file", found: quoted(name))
    }
    guard unclaimed.remove(name) != nil else {
      throw ArtifactError("content", subject: element.path, expected: "a tensor used once", found: "\(quoted(name)) again")
    }
    return tensor
  }

  private mutating func composed(_ name: String, _ parts: [JSONElement]) throws -> ParameterStorage {
    guard let layout = ParameterStorage.Layout(rawValue: try parts[1].string()) else {
      throw parts[1].mismatch("a layout: " + ParameterStorage.Layout.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let coding = parts.count == 4 ? ParameterStorage.Coding.none : .entropy
    if let word = parts.dropFirst(4).first, try word.string() != coding.rawValue { throw word.mismatch("the coding 'entropy'") }
    guard let element = ParameterStorage.Element(artifactName: try parts[2].string()) else {
      throw parts[2].mismatch("an element: an element type, codebook:BITS, codebook:BITSxDIMENSION, codebook:BITS@AXIS/SIZE or sign")
    }
    let shape = try parts[3].elements().map { try $0.integer(in: 0...Int.max, "an extent") }
    guard shape.count <= 32, let count = Safetensors.elementCount(shape), count <= claimable else {
      throw parts[3].mismatch("a shape of at most \(claimable) elements")
    }
    var used: [String] = []
    let storage: ParameterStorage
    do {
      storage = try ParameterStorage(name: name, shape: Shape(shape), layout: layout, element: element, coding: coding) { suffix in
        guard let tensor = tensors[name + suffix] else { return nil }
        used.append(name + suffix)
        return tensor
      }
    } catch let error as GraphError {
      throw ArtifactError("content", subject: parts[0].path, found: "sections that do not fit", cause: error)
    }
    for section in Set(used) { _ = try claim(section, for: parts[0]) }
    return storage
  }

  private func scalar(_ element: JSONElement, of type: ElementType) throws -> Tensor {
    guard case .number(let digits) = element.value else { throw element.mismatch("a number") }
    func integer<Integer: TensorElement & FixedWidthInteger>(_: Integer.Type) throws -> Tensor {
      guard let value = Integer(digits) else { throw element.mismatch("a number of \(type.artifactName)") }
      return Tensor(scalar: value)
    }
    func float<Scalar: TensorElement & BinaryFloatingPoint & LosslessStringConvertible>(_: Scalar.Type) throws -> Tensor {
      guard let value = Scalar(digits), value.isFinite else { throw element.mismatch("a number of \(type.artifactName)") }
      return Tensor(scalar: value)
    }
    switch type {
    case .float32: return try float(Float.self)
    case .float64: return try float(Double.self)
    case .int8: return try integer(Int8.self)
    case .uint8: return try integer(UInt8.self)
    case .int16: return try integer(Int16.self)
    case .uint16: return try integer(UInt16.self)
    case .int32: return try integer(Int32.self)
    case .uint32: return try integer(UInt32.self)
    case .int64: return try integer(Int64.self)
    case .uint64: return try integer(UInt64.self)
    case .int4, .uint4:
      guard let range = type.integerRange, let value = Int64(digits), range.contains(value) else {
        throw element.mismatch("a number of \(type.artifactName)")
      }
      // In memory a four-bit integer is a byte that carries its sign on.
      return withUnsafeBytes(of: Int8(truncatingIfNeeded: value)) { Tensor(elementType: type, shape: [], bytes: $0) }
    case .float16, .bfloat16, .bool: throw element.mismatch("a tensor of the file for \(type.artifactName)")
    }
  }

  private mutating func decodeTrainable(_ elements: [JSONElement]) throws {
    for element in elements {
      let index = try element.index(below: graph.parameters.count, "the index of a parameter")
      graph.parameters.values[index].isTrainable = true
    }
  }

  private mutating func decodeNode(_ element: JSONElement) throws {
    let parts = try element.elements()
    guard (3...5).contains(parts.count) else { throw element.mismatch("[operator, name, inputs, outputs?, attributes?]") }
    let operatorName = operators[try parts[0].index(below: operators.count, "the number of an operator")]
    let name = try parts[1].string()
    let inputs = try parts[2].elements().map { try value($0) }
    var outputs = [name]
    var rest = parts.dropFirst(3)
    if let part = rest.first, case .array = part.value {
      outputs = try part.elements().map { try $0.string() }
      rest = rest.dropFirst()
    }
    var attributes: [String: Attribute] = [:]
    if let part = rest.first {
      guard case .object(let members) = part.value, rest.count == 1 else { throw part.mismatch("attributes at the end") }
      for (key, value) in members {
        attributes[key] = try AttributeCoding.decode(JSONElement(value: value, path: "\(part.path).\(quoted(key))"))
      }
    }
    graph.nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
    values += outputs
  }

  /// The name of a value by its number; −1 is an input that is not given.
  private func value(_ element: JSONElement) throws -> String {
    let number = try element.integer(in: -1...values.count - 1, "the number of a value made before")
    return number < 0 ? "" : values[number]
  }

  /// Infers all types and gives the outputs theirs.
  private mutating func decodeOutputs(_ elements: [JSONElement]) throws {
    let names = try elements.map { try value($0) }
    let types: [String: ValueType]
    do {
      types = try graph.inferredTypes()
    } catch let error as GraphError {
      throw ArtifactError("graph", subject: file, found: "a graph that is not valid", cause: error)
    }
    for (name, type) in types {
      let fixed = type.dimensions.map { max($0.fixedValue ?? 1, 1) }
      guard let count = Shape.checkedElementCount(fixed), count <= Int.max / 8 else {
        throw ArtifactError("graph", subject: file, expected: "values that memory can hold", found: "\(quoted(name)) of \(type)")
      }
    }
    for (element, name) in zip(elements, names) {
      guard let type = types[name] else { throw element.mismatch("the number of a value") }
      graph.outputs.append(ValueInfo(name, type))
    }
  }

  private func elementType(_ element: JSONElement) throws -> ElementType {
    guard let type = ElementType(artifactName: try element.string()) else {
      throw element.mismatch("an element type: " + ElementType.allCases.map(\.artifactName).joined(separator: ", "))
    }
    return type
  }
}
