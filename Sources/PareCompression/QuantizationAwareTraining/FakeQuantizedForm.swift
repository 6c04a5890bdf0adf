import PareGraph
import PareTensor

/// A graph in the standard form as it is trained: real weights behind `pare.FakeQuantize` in the place of integers behind
/// DequantizeLinear, and one `pare.FakeQuantize` in the place of each pair on an activation.
package struct FakeQuantizedForm {
  /// What is trained.
  package private(set) var graph: Graph
  /// Names of the logarithms of learned scales.
  package var logarithms: [String] { scales.logarithms }

  private let standard: Graph
  private var names: NameScope
  private let types: [String: ValueType]
  /// By the parameter that holds them in the standard form.
  private var scales: LearnedScales
  private var weights: [Weight] = []

  private struct Weight {
    let tensor: QuantizedWeightTensor
    /// The parameter that holds the real weights.
    let real: String
    /// What multiplies by them.
    let users: [Node]
  }

  /// - Parameters:
  ///   - standard: quantized by rounding.
  ///   - real: the graph that it was made of, whose layers have the same names.
  package init(_ standard: Graph, real: Graph, learnsScales: Bool) throws {
    self.standard = standard
    scales = LearnedScales(areTrained: learnsScales)
    graph = standard
    graph.nodes = []
    names = NameScope(standard)
    types = try standard.inferredTypes()
    for node in standard.nodes {
      let isReplaced = try node.operatorName == "DequantizeLinear" && (addWeight(node, real) || addActivation(node))
      if !isReplaced { graph.nodes.append(node) }
    }
    graph = graph.pruned()
    _ = try graph.inferredTypes()
  }

  /// Puts real weights in the place of integers, where the node dequantizes those of a layer.
  private mutating func addWeight(_ node: Node, _ real: Graph) throws -> Bool {
    let users = standard.consumers(of: node.outputs[0])
    guard let tensor = QuantizedWeightTensor(trainable: node, in: standard), let layer = users.first,
      users.allSatisfy({ $0.input(1) == node.outputs[0] }),
      let values = QuantizedWeightTensor.oriented(real, layer.name, like: tensor),
      let source = real.nodes.first(where: { $0.name == layer.name })?.input(1).flatMap({ real.parameters[$0] })
    else { return false }
    graph.parameters[tensor.integers] = Parameter(
      ParameterStorage(values, layout: source.storage.layout), isTrainable: source.isTrainable)
    let scaleShape = standard.parameters[tensor.scale]?.storage.shape ?? []
    let perScale = values.elementCount / max(scaleShape.elementCount, 1)
    var scale = scaleValue(tensor.scale, asColumn: tensor.multipliers != nil && tensor.axis == 1)
    if let multipliers = tensor.multipliers.flatMap({ standard.parameters[$0] })?.storage.decoded() {
      let factors = constant(
        Tensor(multipliers.doubles.map { Float($0) }, shape: multipliers.shape), "\(tensor.integers).multipliers.real")
      scale = apply("Mul", [factors, scale], "\(tensor.integers).scales.real")
    }
    append(
      node, [tensor.integers, scale], tensor.levels, count: perScale,
      ["axis": .int(tensor.axis), "block_size": .int(tensor.blockSize)])
    weights.append(Weight(tensor: tensor, real: tensor.integers, users: users))
    return true
  }

  /// Joins a pair on an activation.
  private mutating func addActivation(_ node: Node) throws -> Bool {
    guard let quantize = standard.producer(of: node.inputs[0]), quantize.operatorName == "QuantizeLinear",
      Array(quantize.inputs.dropFirst()) == Array(node.inputs.dropFirst()), standard.parameters[quantize.inputs[1]] != nil,
      let x = types[quantize.inputs[0]], x.elementType == .float32, types[node.outputs[0]]?.elementType == .float32,
      let levels = types[node.inputs[0]]?.elementType.integerRange
    else { return false }
    let scale = scaleValue(quantize.inputs[1], asColumn: false)
    append(
      node, [quantize.inputs[0], scale] + quantize.inputs.dropFirst(2), Int(levels.lowerBound)...Int(levels.upperBound),
      count: x.dimensions.dropFirst().reduce(1) { $0 * ($1.fixedValue ?? 1) },
      ["axis": .int(try node.int("axis", default: 1)), "block_size": .int(try node.int("block_size", default: 0))])
    return true
  }

  /// - Parameter count: numbers that share a scale: of an activation those of one row.
  private mutating func append(
    _ node: Node, _ inputs: [String], _ levels: ClosedRange<Int>, count: Int, _ attributes: [String: Attribute]
  ) {
    graph.nodes.append(
      Node(
        FakeQuantize.name, name: node.name, inputs: inputs, outputs: node.outputs,
        attributes: attributes.merging([
          "lowest": .int(levels.lowerBound), "highest": .int(levels.upperBound),
          "gradient_scale": .float(scales.gradientScale(sharedBy: count, highest: levels.upperBound)),
        ]) { $1 }))
  }

  /// The value that holds the scales of a parameter while training.
  ///
  /// - Parameter asColumn: `[n, 1]` in place of `[n]`.
  private mutating func scaleValue(_ parameter: String, asColumn: Bool) -> String {
    guard let start = standard.parameters[parameter]?.storage.decoded() else { return parameter }
    let shape = asColumn ? Shape([start.elementCount, 1]) : start.shape
    return scales.value(of: parameter, from: start.reshaped(to: shape), in: &graph, &names)
  }

  private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = names.fresh(stem)
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }

  private mutating func apply(_ operatorName: OperatorName, _ inputs: [String], _ stem: String) -> String {
    let name = names.fresh(stem)
    graph.nodes.append(Node(operatorName, name: name, inputs: inputs, outputs: [name]))
    return name
  }
}

// MARK: - After training

extension FakeQuantizedForm {
  /// The standard form with what was learned: integers, scales, and whatever else trained.
  ///
  /// - Throws: `compression.non-finite-value` where a weight is no longer a number.
  package func standardForm(of trained: Graph) throws -> Graph {
    var result = standard
    for (name, parameter) in trained.parameters where parameter.isTrainable && standard.parameters[name]?.isTrainable ?? false {
      result.parameters[name]?.storage = parameter.storage
    }
    for (name, parameter) in standard.parameters {
      guard let learned = scales.scales(of: name, in: trained) else { continue }
      result.parameters[name]?.storage = ParameterStorage(learned.reshaped(to: parameter.storage.shape))
    }
    for weight in weights {
      guard let real = trained.parameters[weight.real]?.storage.decoded() else { continue }
      try store(real.values(as: Float.self), weight, in: &result)
    }
    _ = try result.inferredTypes()
    return result
  }

  /// Rounds real weights as `pare.FakeQuantize` does.
  private func store(_ real: [Float], _ weight: Weight, in graph: inout Graph) throws {
    let tensor = weight.tensor
    if let wrong = real.first(where: { !$0.isFinite }) {
      throw CompressionError("non-finite-value", subject: weight.real, expected: "finite weights after training", found: "\(wrong)")
    }
    var scales = graph.parameters[tensor.scale]?.storage.decoded().values(as: Float.self) ?? []
    for (slice, least) in leastScales(weight, count: scales.count, in: graph).enumerated() {
      scales[slice] = max(scales[slice], least)
    }
    let shape = graph.parameters[tensor.scale]?.storage.shape ?? []
    graph.parameters[tensor.scale]?.storage = ParameterStorage(Tensor(scales, shape: shape))
    let (low, high) = (Float(tensor.levels.lowerBound), Float(tensor.levels.upperBound))
    let steps = tensor.elementScales(rowScales: scales.map { Double($0) })
    let integers = zip(real, steps).map { weight, step in
      Int8(min(max((weight * (1 / Float(step))).rounded(.toNearestOrEven), low), high))
    }
    let stored = Tensor(integers, shape: tensor.storage.shape)
    let storage = tensor.elementType == .int4 ? stored.asFourBits(.int4).map { ParameterStorage($0) } : .smallest(of: stored)
    if let storage { graph.parameters[tensor.integers]?.storage = storage }
  }

  /// Below these scales a bias, counted in steps of the accumulator, would leave Int32.
  private func leastScales(_ weight: Weight, count: Int, in graph: Graph) -> [Float] {
    var least = [Float](repeating: 0, count: count)
    for user in weight.users {
      guard let bias = user.input(2).flatMap({ graph.parameters[$0] })?.storage.decoded(), bias.elementType == .float32,
        let pair = graph.producer(of: user.inputs[0]), pair.operatorName == "DequantizeLinear",
        let scale = graph.parameters[pair.inputs[1]]?.storage.decoded().doubles.first, scale > 0
      else { continue }
      for (output, value) in bias.values(as: Float.self).enumerated() where count == 1 || output < count {
        let slice = count == 1 ? 0 : output
        least[slice] = max(least[slice], QuantizedDense.smallestWeightScale(bias: value, inputScale: Float(scale)))
      }
    }
    return least
  }
}
