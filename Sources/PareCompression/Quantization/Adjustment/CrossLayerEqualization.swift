import PareGraph
import PareTensor

/// Evens out how far the weights of neighbouring layers reach, channel by channel, without changing what the network computes,
/// so that one scale for a whole matrix, or one step for a whole activation, serves every channel.
///
/// Between two layers with nothing but Relu and its like, channel i's outputs are divided by `s = √(r₁ / r₂)` and the weights that
/// read it are multiplied, r₁ and r₂ being the largest magnitudes of the weights that make it and of those that read it; both
/// then are √(r₁ r₂). s is rounded to a power of two, so outputs keep their bits (`ScalingSite`), and both ranges are within
/// √2 of that. Goes over all pairs until no factor is left, or 20 times.
///
/// - Source: Nagel et al. 2019, arXiv:1906.04721, §4.1.
public struct CrossLayerEqualization: CompressionTechnique {
  public static let name = "cross-layer-equalization"
  private static let sweeps = 20

  /// The layers whose outputs are divided.
  public var layers: LayerSelector

  public init(layers: LayerSelector = .all) {
    self.layers = layers
  }

  public var effects: WeightEffects { WeightEffects(undoes: [.sharedValues: "each channel is scaled by itself"]) }

  public func validate(at path: ParameterPath) throws {
    try layers.validate(at: path.key(CodingKeys.layers))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var graph = model.graph
    let selected = try layers.weights(of: graph)
    // A value is visited once, by the first layer that reads it.
    var values: [(value: String, layer: String)] = []
    for layer in graph.productLayers where !values.contains(where: { $0.value == layer.input }) {
      guard let site = ScalingSite(of: layer.input, in: graph), case .layer(let source) = site.source,
        selected.contains(where: { $0.name == source.name })
      else { continue }
      values.append((layer.input, source.name))
    }
    var totals: [String: [Int]] = [:]
    for _ in 0..<Self.sweeps {
      var changes = false
      for (value, name) in values {
        guard let site = ScalingSite(of: value, in: graph) else { continue }
        let exponents = try Self.exponents(site, in: graph)
        guard exponents.contains(where: { $0 != 0 }) else { continue }
        changes = true
        try site.apply(exponents, to: &graph)
        totals[name] = zip(totals[name] ?? exponents.map { _ in 0 }, exponents).map { $0 + $1 }
      }
      if !changes { break }
    }
    let reports = selected.map { layer -> LayerReport in
      guard values.contains(where: { $0.layer == layer.name }) else {
        return LayerReport(layer: layer.label, outcome: "left as it is: what reads its outputs takes no factors in")
      }
      let factors = (totals[layer.name] ?? []).filter { $0 != 0 }
      return LayerReport(
        layer: layer.name, outcome: "\(factors.count) channels divided by powers of two",
        figures: ["largest_exponent": Double(factors.map(\.magnitude).max() ?? 0)])
    }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }

  private static func exponents(_ site: ScalingSite, in graph: Graph) throws -> [Int] {
    guard case .layer(let layer) = site.source else { return [] }
    let matrix = layer.matrix(try graph.weights(of: layer))
    let readers = try site.readerRanges(in: graph)
    return (0..<site.channels).map { channel in
      let range = matrix.range(row: channel, columns: 0..<matrix.columns)
      let made = max(range.lowerBound.magnitude, range.upperBound.magnitude)
      // A channel that nothing makes or nothing reads has nothing to even out.
      return made > 0 && readers[channel] > 0 ? ScalingSite.exponent(of: (made / readers[channel]).squareRoot()) : 0
    }
  }
}

extension CrossLayerEqualization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case layers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all)
  }
}
