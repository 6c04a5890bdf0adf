import PareGraph
import PareTensor
import PareTraining

/// LSTM and GRU layers with the rounding of their integer weights, inputs and outputs in training, and `pare.QuantizedLSTM` and
/// `pare.QuantizedGRU` afterwards.
///
/// W and R are rounded to the integers that `RecurrentQuantization` would choose before training: int8 with a scale for each
/// row, or int4 with a whole number for each group besides, which stays. The scales of rows are learned. What a layer reads
/// is rounded to the bytes of its range before training, and what leaves it to those of twice its range, at most 1; the state
/// from step to step, cells and gates are real while training.
package struct RecurrentForm {
  /// What is trained.
  package private(set) var graph: Graph
  private let layers: [Node]
  private let weights: RecurrentWeights
  private var scales: LearnedScales
  private var names: NameScope
  /// Multipliers of groups, by the parameter that holds the weights.
  private var blocks: [String: [UInt8]] = [:]

  package var logarithms: [String] { scales.logarithms }

  /// - Parameters:
  ///   - graph: with Float32 layers, for which `RecurrentQuantization.applies`.
  ///   - layers: their nodes.
  package init(
    _ graph: Graph, layers: [Node], weights: RecurrentWeights, learnsScales: Bool, calibration: Calibration, rows: TrainingData
  ) throws {
    self.graph = graph
    self.layers = layers
    self.weights = weights
    scales = LearnedScales(areTrained: learnsScales)
    names = NameScope(graph)
    guard !layers.isEmpty else { return }
    let ranges = try ranges(in: graph, calibration, rows)
    self.graph.nodes = []
    for node in graph.nodes {
      if let range = ranges[node.name] { add(node, range, in: graph) } else { self.graph.nodes.append(node) }
    }
    _ = try self.graph.inferredTypes()
  }

  /// What is observed before a layer's input is rounded, where that has a value of its own.
  private func ranges(in graph: Graph, _ calibration: Calibration, _ rows: TrainingData) throws -> [String: RecurrentRanges] {
    try RecurrentCalibration.ranges(
      of: layers, in: graph, rows: rows, calibration: calibration, grid: { _ in ActivationGrid(.asymmetric(.perTensor)) },
      progress: { _ in })
  }

  private mutating func add(_ layer: Node, _ range: RecurrentRanges, in source: Graph) {
    var node = layer
    node.inputs[0] = rounded(
      layer.inputs[0], scale: range.inputScale, zeroPoint: range.inputZeroPoint, as: names.fresh("\(layer.name).input"))
    for input in [1, 2] {
      guard let weight = source.parameters[layer.inputs[input]]?.storage.decoded() else { continue }
      node.inputs[input] = rounded(weight, layer.inputs[input])
    }
    // The first output is bytes, and of an LSTM the last state too; that of a GRU has 16 bits.
    let bytes = layer.operatorName == "LSTM" ? 2 : 1
    for output in layer.outputs.indices.prefix(bytes) where !layer.outputs[output].isEmpty {
      node.outputs[output] = names.fresh("\(layer.outputs[output]).real")
    }
    graph.nodes.append(node)
    // States may grow while training; what saturated here would not afterwards.
    var roomy = range
    roomy.state = min(2 * range.state, 1)
    for output in layer.outputs.indices.prefix(bytes) where !layer.outputs[output].isEmpty {
      _ = rounded(node.outputs[output], scale: 1 / Float(roomy.stateLevels), zeroPoint: 128, as: layer.outputs[output])
    }
  }

  /// A value as its bytes stand for it.
  private mutating func rounded(_ value: String, scale: Float, zeroPoint: UInt8, as name: String) -> String {
    let inputs = [value, constant(Tensor(scalar: scale), "\(name).scale"), constant(Tensor(scalar: zeroPoint), "\(name).zero")]
    graph.nodes.append(
      Node(
        FakeQuantize.name, name: names.fresh("\(name).rounded"), inputs: inputs, outputs: [name],
        attributes: ["lowest": .int(0), "highest": .int(255), "gradient_scale": .float(0)]))
    return name
  }

  /// Weights `[directions, rows, columns]` as their integers stand for them.
  private mutating func rounded(_ weight: Tensor, _ name: String) -> String {
    let columns = weight.shape[2]
    let start = RecurrentWeightScales(of: weight, weights)
    let rows: Shape = [weight.shape[0], weight.shape[1], 1]
    var scale = scales.value(of: name, from: Tensor(start.rows, shape: rows), in: &graph, &names)
    var (lowest, highest, blockSize) = (-127, 127, columns)
    if case .int4(let size) = weights {
      (lowest, highest, blockSize) = (-8, 7, size)
      blocks[name] = start.blocks
      let shape: Shape = [weight.shape[0], weight.shape[1], start.blocks.count / rows.elementCount]
      let factors = constant(Tensor(start.blocks.map { Float($0) }, shape: shape), "\(name).multipliers")
      let product = names.fresh("\(name).scales")
      graph.nodes.append(Node("Mul", name: product, inputs: [factors, scale], outputs: [product]))
      scale = product
    }
    let rounded = names.fresh("\(name).rounded")
    graph.nodes.append(
      Node(
        FakeQuantize.name, name: rounded, inputs: [name, scale], outputs: [rounded],
        attributes: [
          "axis": .int(2), "block_size": .int(blockSize), "lowest": .int(lowest), "highest": .int(highest),
          "gradient_scale": .float(scales.gradientScale(sharedBy: columns, highest: highest)),
        ]))
    return rounded
  }

  private mutating func constant(_ tensor: Tensor, _ stem: String) -> String {
    let name = names.fresh(stem)
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }

  /// The same model with integer layers, their ranges observed anew on the training part.
  ///
  /// - Parameters:
  ///   - graph: the trained model with Float32 layers.
  ///   - trained: the graph as it was trained, on which ranges are observed.
  package func deployed(_ graph: Graph, trained: Graph, calibration: Calibration, rows: TrainingData) throws -> Graph {
    guard !layers.isEmpty else { return graph }
    var ranges = try ranges(in: trained, calibration, rows)
    for layer in layers {
      func scales(_ input: Int) -> RecurrentWeightScales? {
        let name = layer.inputs[input]
        return self.scales.scales(of: name, in: trained).map {
          RecurrentWeightScales(rows: $0.values(as: Float.self), blocks: blocks[name] ?? [])
        }
      }
      ranges[layer.name]?.inputWeights = scales(1)
      ranges[layer.name]?.stateWeights = scales(2)
    }
    return try RecurrentQuantization.quantize(graph, ranges, weights: weights)
  }
}
