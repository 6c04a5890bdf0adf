import PareGraph
import PareTensor

/// Stores numbers in a lossless code, in about as many bits as their entropy, wherever that makes the file smaller.
///
/// It comes last in a recipe: what changes weights afterwards stores them uncoded. Masks, indices, signs, integers and the bytes of floats
/// are coded alike, each section of a parameter under frequencies of its own; the function stays the same to the bit, and a model is decoded
/// when it is loaded.
///
/// - Source: Han et al. 2016, arXiv:1510.00149, §4, with a coder that needs no whole bits (Duda 2014, arXiv:1311.2540).
public struct EntropyCoding: CompressionTechnique {
  public static let name = "entropy-coding"

  /// `all` are all parameters of the model; otherwise those of the layers' weights, biases and scales.
  public var layers: LayerSelector

  public init(layers: LayerSelector = .all) {
    self.layers = layers
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, makes: [.coding]) }

  public func validate(at path: ParameterPath) throws {
    try layers.validate(at: path.key(CodingKeys.layers))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var result = model
    var reports: [LayerReport] = []
    for layer in try layers.storedLayers(of: model.graph) {
      var account = CodedBytes()
      for name in layer.parameters {
        guard let before = model.graph.parameters[name]?.storage else { continue }
        let after = before.entropyCoded(overhead: before.codingOverhead(named: name))
        result.graph.parameters[name]?.storage = after
        account.add(before, after)
      }
      reports.append(account.report(of: layer.name))
    }
    return CompressionResult(model: result, layers: reports)
  }
}

extension ParameterStorage {
  /// Bytes by which a file's header may grow where this storage is coded: the word, the longer names, all of its form where its number
  /// said enough, and up to the next multiple of eight.
  fileprivate func codingOverhead(named name: String) -> Int {
    let (word, suffixes, rounding) = (13, sections.count * Self.codeSuffix.utf8.count, 7)
    guard layout == .dense, case .plain(let type) = element, !type.isFourBit else { return word + suffixes + rounding }
    return word + suffixes + rounding + name.utf8.count + 28 + 5 * shape.rank
  }
}

extension EntropyCoding: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case layers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all)
  }
}
