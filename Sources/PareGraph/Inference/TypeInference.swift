import PareTensor

/// Infers the types of values node by node, refusing what does not fit.
struct TypeInference {
  private(set) var types: [String: ValueType] = [:]
  private(set) var known: [String: KnownValue] = [:]

  /// Bytes that the known extents of a value may ask for: beyond any machine, and far from where arithmetic overflows.
  private static let byteLimit = 1 << 48

  mutating func declare(_ name: String, _ type: ValueType) throws {
    let known = type.dimensions.compactMap(\.fixedValue)
    // Extents of 0 do not excuse the others: a symbol or a reduction may make them matter.
    guard let count = Shape.checkedElementCount(known.map { $0 == 0 ? 1 : $0 }),
      count <= Self.byteLimit / type.elementType.byteCount
    else {
      throw GraphError(
        "too-large", subject: "value '\(name)'", expected: "extents from 0 that fit in memory together", found: "\(type)")
    }
    guard !name.isEmpty, types.updateValue(type, forKey: name) == nil else {
      throw GraphError(
        "duplicate-value", subject: "value '\(name)'", expected: "a name used once", found: "a second value of that name")
    }
  }

  mutating func declare(_ name: String, _ parameter: Parameter) throws {
    let storage = parameter.storage
    try declare(name, ValueType(storage.elementType, storage.shape.dimensions.map(Dimension.fixed)))
    // Shapes, axes and quantization parameters are small; weights are nobody's business while inferring.
    if !parameter.isTrainable, storage.shape.elementCount <= 65_536 { known[name] = KnownValue(storage.decoded()) }
  }

  @discardableResult
  mutating func infer(_ node: Node) throws -> [ValueType] {
    let definition = try OperatorCatalogue.definition(of: node)
    guard definition.inputCount.contains(node.inputs.count) else {
      throw GraphError(
        "input-count", node: node, expected: "\(definition.inputCount.words) inputs", found: "\(node.inputs.count)")
    }
    guard definition.outputCount.contains(node.outputs.count) else {
      throw GraphError(
        "output-count", node: node, expected: "\(definition.outputCount.words) outputs", found: "\(node.outputs.count)")
    }
    if let unknown = node.attributes.keys.sorted().first(where: { !definition.attributeNames.contains($0) }) {
      throw GraphError(
        "attribute", node: node, expected: "attributes among \(definition.attributeNames)", found: "'\(unknown)'")
    }
    for input in node.inputs where !input.isEmpty && types[input] == nil {
      throw GraphError(
        "missing-value", node: node, expected: "value '\(input)' to be made before it is used", found: "no such value")
    }
    let context = InferenceContext(
      node: node, inputs: node.inputs.map { types[$0] }, knownValues: node.inputs.map { known[$0] })
    let inferred = try definition.inferTypes(context)
    for (name, type) in zip(node.outputs, inferred) where !name.isEmpty { try declare(name, type) }
    for (name, value) in zip(node.outputs, try definition.inferValues(context, inferred)) where !name.isEmpty {
      known[name] = value
    }
    return inferred
  }
}

extension ClosedRange<Int> {
  fileprivate var words: String {
    if lowerBound == upperBound { return "\(lowerBound)" }
    return upperBound == .max ? "\(lowerBound) or more" : "\(lowerBound) to \(upperBound)"
  }
}
