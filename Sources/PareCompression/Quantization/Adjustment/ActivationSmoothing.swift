import PareGraph
import PareTensor
import PareTraining
import RealModule

/// Moves what makes an activation hard to quantize into the weights that read it, without changing what the network computes
/// (SmoothQuant): a few channels that reach much further than the others set the step of all.
///
/// Channel j is divided by `s = max |x_j|^α / max |w_j|^(1 − α)` and its weights are multiplied, which evens out the ranges of both.
/// s is rounded to a power of two, so outputs keep their bits (`ScalingSite`). The factors go into the layer or the
/// LayerNormalization before; where neither takes them in, `inserts` puts a multiplication there, else the layer stays as it is.
///
/// - Source: Xiao et al. 2023, arXiv:2211.10438, §4, equation 4.
public struct ActivationSmoothing: CompressionTechnique {
  public static let name = "activation-smoothing"

  /// α, in `0 ... 1`: how much of it goes into the weights.
  public var strength: Double
  /// Whether a multiplication is put where nothing before a layer takes the factors in. It is one more step at every run.
  public var inserts: Bool
  /// The layers whose inputs are divided.
  public var layers: LayerSelector

  public init(strength: Double = 0.5, inserts: Bool = false, layers: LayerSelector = .all) {
    self.strength = strength
    self.inserts = inserts
    self.layers = layers
  }

  public var effects: WeightEffects { WeightEffects(undoes: [.sharedValues: "each channel is scaled by itself"]) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.strength).require(
      (0...1).contains(strength), expected: "a fraction in 0 ... 1", found: strength)
    try layers.validate(at: path.key(CodingKeys.layers))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var graph = model.graph
    let tensors = try layers.weights(of: graph)
    let selected = tensors.compactMap { ProductLayer($0.node, in: graph) }
    let moments = try ActivationObserver.observe(
      ObservationRequest(moments: Dictionary(selected.map { ($0.momentKey, false) }, uniquingKeysWith: { first, _ in first })),
      of: graph, rows: try context.trainingRows(for: Self.name)
    ) {
      context.progress(CompressionProgress(technique: Self.name, activity: "observing", fraction: $0))
    }.moments
    var reports: [LayerReport] = []
    for layer in selected {
      func left(_ reason: String) { reports.append(LayerReport(layer: layer.name, outcome: "left as it is: \(reason)")) }
      if selected.first(where: { $0.input == layer.input })?.name != layer.name {
        reports.append(LayerReport(layer: layer.name, outcome: "its input as divided for the layer before"))
        continue
      }
      guard let largest = moments[layer.momentKey]?.largestMagnitudes else { continue }
      if let site = ScalingSite(of: layer.input, in: graph) {
        let exponents = try exponents(site, largest, in: graph)
        try site.apply(exponents, to: &graph)
        reports.append(Self.report(layer, exponents, "what makes its input"))
      } else if inserts, !layer.isConvolution {
        let readers = selected.filter { $0.input == layer.input && !$0.isConvolution }
        let exponents = try insert(before: readers, largest, in: &graph)
        reports.append(Self.report(layer, exponents, "a multiplication before it"))
      } else {
        left("nothing before it takes factors in")
      }
    }
    for tensor in tensors where !selected.contains(where: { $0.name == tensor.name }) {
      reports.append(LayerReport(layer: tensor.label, outcome: "left as it is: \(tensor.node.operatorName) takes no factors in"))
    }
    _ = try graph.inferredTypes()
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }

  private static func report(_ layer: ProductLayer, _ exponents: [Int], _ place: String) -> LayerReport {
    LayerReport(
      layer: layer.name, outcome: "\(exponents.count { $0 != 0 }) inputs divided by powers of two, by \(place)",
      figures: ["largest_exponent": Double(exponents.map(\.magnitude).max() ?? 0)])
  }

  /// log₂ s of each channel.
  private func exponents(_ site: ScalingSite, _ largest: [Double], in graph: Graph) throws -> [Int] {
    var activations = [Double](repeating: 0, count: site.channels)
    for (input, magnitude) in largest.enumerated() {
      let channel = site.channel(of: input, among: largest.count)
      activations[channel] = max(activations[channel], magnitude)
    }
    return zip(activations, try site.readerRanges(in: graph)).map { exponent($0, $1) }
  }

  private func exponent(_ activation: Double, _ weight: Double) -> Int {
    guard activation > 0, weight > 0 else { return 0 }
    return ScalingSite.exponent(of: Double.pow(activation, strength) / Double.pow(weight, 1 - strength))
  }

  private func insert(before readers: [ProductLayer], _ largest: [Double], in graph: inout Graph) throws -> [Int] {
    guard let first = readers.first else { return [] }
    var ranges = [Double](repeating: 0, count: largest.count)
    for reader in readers {
      let matrix = reader.matrix(try graph.weights(of: reader))
      for (position, weight) in matrix.values.enumerated() {
        ranges[position % matrix.columns] = max(ranges[position % matrix.columns], Double(weight.magnitude))
      }
    }
    let exponents = zip(largest, ranges).map { exponent($0, $1) }
    guard exponents.contains(where: { $0 != 0 }) else { return exponents }
    var names = NameScope(graph)
    let smooth = names.fresh("\(first.input).smooth")
    let factor = names.fresh("\(first.input).factor")
    func power(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }
    graph.parameters[factor] = Parameter(ParameterStorage(Tensor(exponents.map { power(-$0) })), isTrainable: false)
    for (index, reader) in readers.enumerated() {
      // A weight that another layer reads too keeps its numbers there.
      let matrix = reader.matrix(try graph.weights(of: reader))
      let scaled = matrix.values.enumerated().map { $1 * power(exponents[$0 % matrix.columns]) }
      let isFree = graph.consumers(of: reader.weight).count == 1
      let weight = isFree ? reader.weight : names.fresh("\(reader.weight).smooth")
      let isTrainable = graph.parameters[reader.weight]?.isTrainable ?? true
      graph.parameters[weight] = Parameter(
        ParameterStorage(Tensor(reader.inGraphOrder(scaled), shape: reader.shape)), isTrainable: isTrainable)
      guard let position = graph.nodes.firstIndex(where: { $0.name == reader.name }) else { continue }
      graph.nodes[position].inputs[0] = smooth
      graph.nodes[position].inputs[1] = weight
      if index == 0 {
        graph.nodes.insert(Node("Mul", name: smooth, inputs: [first.input, factor], outputs: [smooth]), at: position)
      }
    }
    return exponents
  }
}

extension ActivationSmoothing: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case strength, inserts, layers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      strength: try container.decodeIfPresent(Double.self, forKey: .strength) ?? 0.5,
      inserts: try container.decodeIfPresent(Bool.self, forKey: .inserts) ?? false,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all)
  }
}
