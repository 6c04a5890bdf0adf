import PareGraph
import PareTensor

/// Lets the weights of a layer share a few values, found by k-means, and stores an index of a few bits for each.
///
/// Each layer has a table of its own of at most `2^bits` values. Where a layer has weights of exactly zero, as after
/// pruning, zero is one of the values, and zeros stay zeros. A layer whose table would outweigh its weights is stored
/// as it was, with the shared values.
///
/// - Source: Han et al. 2016, arXiv:1510.00149, §3.
public struct WeightSharing: CompressionTechnique {
  public static let name = "weight-sharing"

  /// Where the search for the values starts.
  public enum Start: String, RecipeWord {
    /// Evenly from the smallest weight to the largest.
    case linear
    /// At weights drawn far from one another (k-means++), and evenly beside it; the better of the two is kept.
    case kMeansPlusPlus = "k-means++"
  }

  /// Bits of an index, in `1 ... 8`.
  public var bits: Int
  public var start: Start
  public var layers: LayerSelector

  public init(bits: Int, start: Start = .kMeansPlusPlus, layers: LayerSelector = .all) {
    self.bits = bits
    self.start = start
    self.layers = layers
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.bits).require((1...8).contains(bits), expected: "bits in 1 ... 8", found: bits)
    try layers.validate(at: path.key(CodingKeys.layers))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var result = model
    var reports: [LayerReport] = []
    for layer in try layers.weights(of: model.graph).uniqueByWeight() {
      let weights = try model.graph.weights(of: layer)
      let shared = share(weights, seed: context.seed, layer: layer.label)
      let storage = ParameterStorage.smallest(of: Tensor(shared, shape: layer.shape), sharing: true)
      result.graph.parameters[layer.weight]?.storage = storage
      let values = Set(shared.map { $0.bitPattern }).count
      reports.append(
        LayerReport(
          layer: layer.label, outcome: "\(values) values, stored as \(storage.words)",
          weightError: ErrorMeasure(of: shared.map { Double($0) }, against: weights.map { Double($0) }),
          figures: ["values": Double(values), "bytes": Double(storage.byteCount)]))
    }
    return CompressionResult(model: result, layers: reports)
  }

  /// The weights, each replaced by the value that it shares.
  func share(_ weights: [Float], seed: UInt64, layer: String) -> [Float] {
    let nonZero = weights.filter { $0 != 0 }
    let count = nonZero.count < weights.count ? (1 << bits) - 1 : 1 << bits
    guard let search = ScalarKMeans(nonZero, clusters: count) else { return weights.map { $0 == 0 ? 0 : $0 } }
    var best = search.converged(from: search.linearStart())
    if start == .kMeansPlusPlus {
      var generator = SeededGenerator(seed: seed, stream: "\(Self.name)/\(layer)")
      let drawn = search.converged(from: search.plusPlusStart(&generator))
      if drawn.cost < best.cost { best = drawn }
    }
    return weights.map { $0 == 0 ? 0 : best.nearest(to: $0) }
  }
}

extension WeightSharing: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case bits, start, layers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      bits: try container.decode(Int.self, forKey: .bits),
      start: try container.decodeIfPresent(Start.self, forKey: .start) ?? .kMeansPlusPlus,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all)
  }
}
