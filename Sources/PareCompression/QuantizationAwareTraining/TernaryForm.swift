import PareGraph
import PareTensor

/// A graph whose selected weights are −s, 0 or s of each output: as it is trained, and with signs under a bitmask afterwards.
///
/// While training a weight w is `s · clamp(round(w / s), −1, 1)`, so what is within s/2 of 0 is 0. It starts from the s of
/// each output with the least squared error, of which that threshold is a part, and s is learned as any scale. What layers
/// read stays real.
///
/// - Source: Li et al. 2016, arXiv:1605.04711, §2.2; Esser et al. 2020, arXiv:1902.08153.
package struct TernaryForm {
  /// What is trained.
  package private(set) var graph: Graph
  private let real: Graph
  private var scales: LearnedScales
  private var weights: [Weight] = []
  /// Of each selected weight, by its label: why it stays real, nil where it does not.
  private var outcomes: [(tensor: WeightTensor, reason: String?)] = []

  /// The weight of one layer, or of several that share it.
  private struct Weight {
    let tensor: WeightTensor
    let order: IntegerOrder
    var users: [String]

    /// Rows are outputs.
    func matrix(_ values: [Float]) -> WeightMatrix {
      let shape = tensor.shape
      let rows = switch order {
      case .byOutput: shape[0]
      case .byInput: shape[1]
      case .byDirection: shape[0] * shape[1]
      }
      let columns = values.count / rows
      return WeightMatrix(
        order == .byInput ? values.transposed(rows: columns) : values, rows: rows, columns: columns)
    }
  }

  /// - Parameter learnsScales: else scales stay those of rounding.
  /// - Throws: `CompressionError` `compression.no-layers` where no selected weight can be ternary,
  ///   `compression.non-finite-value` for one that is no number.
  package init(_ real: Graph, layers: [WeightTensor], learnsScales: Bool) throws {
    self.real = real
    graph = real
    graph.nodes = []
    scales = LearnedScales(areTrained: learnsScales)
    for layer in layers { add(layer) }
    guard !weights.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(real.name)'", expected: "a selected layer whose weights can be ternary",
        found: outcomes.map { "\($0.tensor.label): \($0.reason ?? "")" }.joined(separator: "; "))
    }
    var names = NameScope(real)
    var rounded: [String: String] = [:]
    for var node in real.nodes {
      for weight in weights where weight.users.contains(node.name) {
        let name = weight.tensor.weight
        let value = try rounded[name] ?? round(weight, &names)
        rounded[name] = value
        node.inputs = node.inputs.map { $0 == name ? value : $0 }
      }
      graph.nodes.append(node)
    }
    _ = try graph.inferredTypes()
  }

  private mutating func add(_ tensor: WeightTensor) {
    let order: IntegerOrder? =
      if let layer = ProductLayer(tensor.node, in: real) {
        layer.outputAxis == 0 ? .byOutput : .byInput
      } else {
        ["LSTM", "GRU", "RNN"].contains(tensor.node.operatorName) ? .byDirection : nil
      }
    guard let order else {
      return outcomes.append((tensor, "the filters of \(tensor.node.operatorName) do not come first"))
    }
    guard let known = weights.firstIndex(where: { $0.tensor.weight == tensor.weight }) else {
      weights.append(Weight(tensor: tensor, order: order, users: [tensor.name]))
      return outcomes.append((tensor, nil))
    }
    guard weights[known].order == order else {
      return outcomes.append((tensor, "its weights are turned over in a layer that shares them"))
    }
    weights[known].users.append(tensor.name)
    outcomes.append((tensor, nil))
  }

  /// Adds `pare.FakeQuantize` on a weight.
  ///
  /// - Returns: the value that it yields.
  private mutating func round(_ weight: Weight, _ names: inout NameScope) throws -> String {
    let (name, shape) = (weight.tensor.weight, weight.tensor.shape)
    let matrix = weight.matrix(try real.weights(of: weight.tensor))
    let start = SignWeights(ternary: matrix, perTensor: false).scales.map { AffineMap.scale(Double($0)) }
    let isByDirection = weight.order == .byDirection
    let scale = scales.value(
      of: name, from: Tensor(start, shape: isByDirection ? [shape[0], shape[1], 1] : [matrix.rows]), in: &graph, &names)
    let axis = isByDirection ? 2 : weight.order == .byOutput ? 0 : 1
    let rounded = names.fresh("\(name).ternary")
    graph.nodes.append(
      Node(
        FakeQuantize.name, name: rounded, inputs: [name, scale], outputs: [rounded],
        attributes: [
          "axis": .int(axis), "block_size": .int(isByDirection ? matrix.columns : 0), "lowest": .int(-1), "highest": .int(1),
          "gradient_scale": .float(scales.gradientScale(sharedBy: matrix.columns, highest: 1)),
        ]))
    return rounded
  }
}

// MARK: - After training

extension TernaryForm: QuantizedForm {
  package var logarithms: [String] { scales.logarithms }

  package func deployed(_ trained: Graph) throws -> Graph {
    var result = real
    for (name, parameter) in trained.parameters where real.parameters[name] != nil { result.parameters[name] = parameter }
    var rewrite = try QuantizationRewrite(result)
    for weight in weights {
      guard let scale = scales.scales(of: weight.tensor.weight, in: trained) else { continue }
      let matrix = weight.matrix(try result.weights(of: weight.tensor))
      let stored = StoredWeights(SignWeights(ternary: matrix, scales: scale.values(as: Float.self)))
      rewrite.replaceWeight(
        weight.tensor.weight, of: weight.users, by: stored.storage(shape: weight.tensor.shape, order: weight.order)
      ) { stored.nodes(reading: $1, weight: weight.tensor.weight, shape: weight.tensor.shape, order: weight.order, in: &$0) }
    }
    return try rewrite.finish()
  }

  func reports(of graph: Graph, manner: String) -> [LayerReport] {
    outcomes.map { tensor, reason in
      if let reason { return LayerReport(layer: tensor.label, outcome: "left in Float32: \(reason)") }
      let input = tensor.node.inputs.firstIndex(of: tensor.weight).flatMap { position in
        graph.nodes.first { $0.name == tensor.name }?.inputs[position]
      }
      let storage = input.flatMap { graph.producer(of: $0)?.inputs[0] }.flatMap { graph.parameters[$0]?.storage }
      let bytes = storage?.byteCount ?? 0
      return LayerReport(
        layer: tensor.label, outcome: "\(manner) as ternary weights, with a scale for each output", figures: ["bytes": Double(bytes)])
    }
  }
}
