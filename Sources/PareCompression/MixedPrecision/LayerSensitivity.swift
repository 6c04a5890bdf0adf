import PareGraph
import PareTraining

/// What each form of each unit of layers costs the scores by itself, and what it saves.
struct LayerSensitivity {
  private let technique: MixedPrecision
  private let model: Model
  private let reference: ScoreReference
  private let context: CompressionContext
  private let report: @Sendable (CompressionProgress) -> Void

  /// - Parameter reference: on the rows that single layers are measured on.
  init(_ technique: MixedPrecision, _ model: Model, _ reference: ScoreReference, _ context: CompressionContext) {
    self.technique = technique
    self.model = model
    self.reference = reference
    report = context.progress
    var context = context
    context.training = reference.rows
    context.progress = { _ in }
    self.context = context
  }

  func units() throws -> [PrecisionUnit] {
    let names = try Self.groups(technique.layers.weights(of: model.graph))
    let forms = names.flatMap { layers in technique.precisions.map { (layers, $0) } }
    var options = [[PrecisionOption]](repeating: [], count: names.count)
    let float32 = PrecisionOption(scheme: QuantizationScheme(.float32), noise: 0, cost: 0)
    let price = try price(of: model)
    for (index, (layers, scheme)) in forms.enumerated() {
      report(
        CompressionProgress(
          technique: MixedPrecision.name, activity: "\(layers[0]) in \(scheme.precision.words)",
          fraction: 0.8 * Double(index) / Double(forms.count)))
      let quantized = try technique.quantization([(layers, scheme)]).compress(model, in: context).model
      let error = try reference.error(of: quantized.graph)
      let noise = error.signalEnergy > 0 ? error.noiseEnergy / error.signalEnergy : error.noiseEnergy
      options[index / technique.precisions.count].append(
        PrecisionOption(scheme: scheme, noise: noise, cost: try self.price(of: quantized) - price))
    }
    return zip(names, options).map { PrecisionUnit(layers: $0, options: [float32] + $1) }
  }

  private func price(of model: Model) throws -> Double {
    if case .latency = technique.budget { return try PrecisionBudget.estimate(of: model) }
    return Double(model.graph.storedByteCount)
  }

  /// Names of nodes, together where they share a weight.
  private static func groups(_ tensors: [WeightTensor]) -> [[String]] {
    var groups: [(layers: [String], weights: Set<String>)] = []
    for tensor in tensors {
      let touching = groups.indices.filter { groups[$0].weights.contains(tensor.weight) || groups[$0].layers.contains(tensor.name) }
      guard let first = touching.first else {
        groups.append(([tensor.name], [tensor.weight]))
        continue
      }
      for other in touching.dropFirst().reversed() {
        groups[first].layers += groups[other].layers
        groups[first].weights.formUnion(groups[other].weights)
        groups.remove(at: other)
      }
      if !groups[first].layers.contains(tensor.name) { groups[first].layers.append(tensor.name) }
      groups[first].weights.insert(tensor.weight)
    }
    return groups.map(\.layers)
  }
}
