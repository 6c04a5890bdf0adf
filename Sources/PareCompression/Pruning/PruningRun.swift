import PareGraph
import PareTensor
import PareTraining
import RealModule

/// One run of the technique over a model.
struct PruningRun {
  /// Rows of the training part by which gradients and inputs are looked at, evenly spaced in its order.
  private static let rowCount = 8192

  private let technique: Pruning
  private let model: Model
  private let context: CompressionContext
  private let layers: [WeightTensor]
  private let rows: TrainingData?

  init(_ technique: Pruning, _ model: Model, _ context: CompressionContext) throws {
    self.technique = technique
    self.model = model
    self.context = context
    layers = try technique.layers.weights(of: model.graph).uniqueByWeight()
    for layer in layers { _ = try model.graph.weights(of: layer) }
    rows = technique.criterion == .magnitude
      ? nil : try context.trainingRows(for: Pruning.name).evenlySpaced(Self.rowCount)
  }

  mutating func result() throws -> CompressionResult {
    var graph = model.graph
    var notes: [String: String] = [:]
    for round in 1...technique.rounds {
      context.progress(
        CompressionProgress(
          technique: Pruning.name, activity: "round \(round) of \(technique.rounds)",
          fraction: Double(round - 1) / Double(technique.rounds)))
      let left = 1 - Double(round) / Double(technique.rounds)
      let sparsity = technique.sparsity * (1 - left * left * left)
      let pruned = try technique.criterion == .optimalBrainSurgeon
        ? surgery(graph, sparsity: sparsity, &notes) : cut(graph, sparsity: sparsity)
      for (layer, weights) in zip(layers, pruned) {
        // The mask is what training keeps; the layout is settled afterwards.
        graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(weights, shape: layer.shape), layout: .bitmask)
      }
      if let fineTuning = technique.fineTuning {
        graph = try fineTuning.train(graph, inPlaceOf: model, for: Pruning.name, in: context)
      }
    }
    let reports = try layers.map { try settle($0, in: &graph, note: notes[$0.label]) }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }

  /// Stores a layer in its smallest form and says what became of it.
  private func settle(_ layer: WeightTensor, in graph: inout Graph, note: String?) throws -> LayerReport {
    let before = try model.graph.weights(of: layer)
    let weights = try graph.weights(of: layer)
    let wasShared = model.graph.parameters[layer.weight]?.storage.isShared ?? false
    let storage = ParameterStorage.smallest(of: Tensor(weights, shape: layer.shape), sharing: wasShared)
    graph.parameters[layer.weight]?.storage = storage
    let zeros = weights.count { $0 == 0 }
    return LayerReport(
      layer: layer.label,
      outcome: "\(zeros) of \(weights.count) weights zero, stored as \(storage.words)" + (note.map { " (\($0))" } ?? ""),
      weightError: ErrorMeasure(of: weights.map { Double($0) }, against: before.map { Double($0) }),
      figures: ["sparsity": Double(zeros) / Double(weights.count), "bytes": Double(storage.byteCount)])
  }

  // MARK: by scores

  private func cut(_ graph: Graph, sparsity: Double) throws -> [[Float]] {
    let weights = try layers.map { try graph.weights(of: $0) }
    let scores = try scores(graph, weights)
    let orders = layers.map { OutputOrder($0, in: graph) }
    let kept = PruningMask.kept(
      of: zip(orders, scores).map { PruningMask.Layer(scores: $0.byOutput($1), columns: $0.columns) }, sparsity: sparsity,
      scope: technique.scope, pattern: technique.pattern)
    return zip(zip(weights, orders), kept).map { pair, kept in
      zip(pair.0, pair.1.inGraphOrder(kept)).map { $1 ? $0 : 0 }
    }
  }

  private func scores(_ graph: Graph, _ weights: [[Float]]) throws -> [[Double]] {
    guard technique.criterion != .magnitude, let rows else { return weights.map { $0.map { Double($0.magnitude) } } }
    var sums = weights.map { [Double](repeating: 0, count: $0.count) }
    var squares = sums
    var pieces = 0
    try LossGradients(of: graph, by: layers.map(\.weight), for: Pruning.name).forEachPiece(of: rows) { gradients in
      pieces += 1
      for (index, layer) in layers.enumerated() {
        guard let gradient = gradients[layer.weight]?.values(as: Float.self) else { continue }
        for (position, value) in gradient.enumerated() {
          sums[index][position] += Double(value)
          squares[index][position] += Double(value) * Double(value)
        }
      }
    }
    return weights.indices.map { index in
      weights[index].indices.map { position in
        let weight = Double(weights[index][position])
        return technique.criterion == .gradient
          ? (sums[index][position] * weight).magnitude : 0.5 * squares[index][position] / Double(max(pieces, 1)) * weight * weight
      }
    }
  }

  // MARK: by surgery

  private func surgery(_ graph: Graph, sparsity: Double, _ notes: inout [String: String]) throws -> [[Float]] {
    guard let rows else { return [] }
    let products = Dictionary(graph.productLayers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let wanted = layers.compactMap { products[$0.name] }
    let inputs = try ProductInputs(of: wanted, in: graph, rows: rows) {
      context.progress(CompressionProgress(technique: Pruning.name, activity: "observing inputs", fraction: $0))
    }
    return try layers.map { layer in
      let weights = try graph.weights(of: layer)
      if let product = products[layer.name], product.weight == layer.weight,
        let error = OutputError([inputs[product]], inputCount: product.inputCount, rows: product.outputCount)
      {
        let matrix = product.matrix(weights)
        return product.inGraphOrder(try BrainSurgeon(error).pruned(matrix, sparsity: sparsity, pattern: technique.pattern).values)
      }
      notes[layer.label] = "by magnitude: \(layer.node.operatorName)'s inputs are not observed"
      let order = OutputOrder(layer, in: graph)
      let kept = PruningMask.kept(
        of: [PruningMask.Layer(scores: order.byOutput(weights.map { Double($0.magnitude) }), columns: order.columns)], sparsity: sparsity,
        scope: .perLayer, pattern: technique.pattern)
      return zip(weights, order.inGraphOrder(kept[0])).map { $1 ? $0 : 0 }
    }
  }
}

/// A weight as a matrix with a row for each output, whichever way the graph holds it.
private struct OutputOrder {
  let columns: Int
  private let turned: ProductLayer?

  init(_ layer: WeightTensor, in graph: Graph) {
    let product = ProductLayer(layer.node, in: graph)
    turned = product?.outputAxis == 1 ? product : nil
    // Of a recurrent layer a row is one of a gate's.
    let outputs = turned?.outputCount ?? (layer.shape.rank == 3 && product == nil ? layer.shape[0] * layer.shape[1] : layer.shape[0])
    columns = layer.shape.elementCount / max(outputs, 1)
  }

  func byOutput<Element>(_ values: [Element]) -> [Element] { turned?.byOutput(values) ?? values }
  func inGraphOrder<Element>(_ values: [Element]) -> [Element] { turned?.inGraphOrder(values) ?? values }
}
