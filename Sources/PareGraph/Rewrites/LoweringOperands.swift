import PareTensor

/// What a lowering reads off the graph: scales, constants, and who uses a value.
extension Lowering {
  /// Scale and zero point of a per-tensor QuantizeLinear or DequantizeLinear between Float32 and `uint8`; nil for another
  /// kind.
  func affine(_ node: Node) throws -> Affine? {
    let isQuantize = node.operatorName == "QuantizeLinear"
    let (quantized, real) = isQuantize ? (node.outputs[0], node.inputs[0]) : (node.inputs[0], node.outputs[0])
    guard types[quantized]?.elementType == .uint8, types[real]?.elementType == .float32,
      let scale = node.input(1).flatMap(tensor), scale.elementType == .float32, scale.elementCount == 1,
      [0, ElementType.float32.onnxDataType].contains(try node.int("precision", default: 0))
    else { return nil }
    var zeroPoint: UInt8 = 0
    if let name = node.input(2) {
      guard let tensor = tensor(name) else { return nil }
      zeroPoint = tensor.values(as: UInt8.self)[0]
    }
    let value = scale.values(as: Float.self)[0]
    guard value.isNormal, value > 0 else { throw scaleError(node, value) }
    return Affine(scale: value, zeroPoint: zeroPoint)
  }

  /// One scale for each of `count` outputs along an axis, or one for all; nil for another kind.
  func perOutput(_ node: Node, axis: Int, count: Int) throws -> [Float]? {
    guard let scale = node.input(1).flatMap(tensor), scale.elementType == .float32, scale.shape.rank <= 1 else { return nil }
    var values = scale.values(as: Float.self)
    if values.count == 1 {
      values = [Float](repeating: values[0], count: count)
    } else {
      let rank = tensor(node.inputs[0])?.shape.rank ?? 0
      let given = try node.int("axis", default: 1)
      guard values.count == count, (given < 0 ? given + rank : given) == axis, try node.int("block_size", default: 0) == 0
      else { return nil }
    }
    if let wrong = values.first(where: { !($0.isNormal && $0 > 0) }) { throw scaleError(node, wrong) }
    return values
  }

  func tensor(_ name: String) -> Tensor? { source.parameters[name]?.storage.decoded() }

  func soleConsumer(of value: String, _ type: OperatorName) -> Node? {
    guard !outputs.contains(value), let users = consumers[value], users.count == 1, users[0].operatorName == type else {
      return nil
    }
    return users[0]
  }

  func scaleError(_ node: Node, _ scale: Float) -> GraphError {
    GraphError(
      "quantization-scale", node: node,
      expected: "scales that are positive, finite and normal, with normal reciprocals and ratios below 2^30", found: "\(scale)")
  }

  /// Adds a parameter under a name that is not yet taken.
  mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    var name = stem
    while result.parameters[name] != nil || producers[name] != nil { name += "_" }
    result.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }

  /// Elements of a constant row, plain or dequantized.
  func biasCount(_ name: String) -> Int? {
    let type = types[name]
    let isDequantized = producers[name].map { $0.operatorName == "DequantizeLinear" && tensor($0.inputs[0]) != nil }
    guard tensor(name) != nil || isDequantized ?? false, type?.rank == 1 else { return nil }
    return type?.dimensions[0].fixedValue
  }
}

extension Tensor {
  /// A matrix with its rows as columns.
  func turned<Element: TensorElement>(_: Element.Type) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let values = values(as: Element.self)
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
