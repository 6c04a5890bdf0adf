import PareGraph
import PareTensor

/// Stores numbers in a lossless code, in about as many bits as their entropy, wherever that makes the file smaller.
///
/// It comes last in a recipe: what changes weights afterwards stores them uncoded. Masks, indices, signs, integers and the bytes of floats
/// are coded alike, each section of a parameter under frequencies of its own; the function stays the same to the bit, and a model is decoded
/// when it is loaded.
///
/// With `scope: file` the whole artifact is coded instead, its header too, by a model that learns from what stands before.
///
/// - Source: Han et al. 2016, arXiv:1510.00149, §4, with a coder that needs no whole bits (Duda 2014, arXiv:1311.2540); of a file,
///   Mahoney 2005, Florida Tech TR CS-2005-16.
public struct EntropyCoding: CompressionTechnique {
  public static let name = "entropy-coding"

  /// What has a code of its own.
  public enum Scope: String, Codable, Hashable, Sendable, CaseIterable {
    /// Each section of a parameter: any reader of safetensors still finds the rest as it was.
    case sections
    /// The file. Of a small model most is header, which all but vanishes.
    case file
  }

  /// `all` are all parameters of the model; otherwise those of the layers' weights, biases and scales.
  public var layers: LayerSelector
  public var scope: Scope

  public init(layers: LayerSelector = .all, scope: Scope = .sections) {
    self.layers = layers
    self.scope = scope
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, makes: [.coding]) }

  public func validate(at path: ParameterPath) throws {
    try layers.validate(at: path.key(CodingKeys.layers))
    if scope == .file {
      try path.key(CodingKeys.layers).require(layers == .all, expected: "all, since the file is coded as a whole", found: "some of them")
    }
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    guard scope == .sections else { return packed(model) }
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

  /// Sections under codes of their own would have nothing left that another code could find.
  private func packed(_ model: Model) -> CompressionResult {
    var result = model
    result.isPacked = true
    for name in result.graph.parameters.keys {
      if let storage = result.graph.parameters[name]?.storage { result.graph.parameters[name]?.storage = storage.uncoded() }
    }
    let bytes = result.graph.storedByteCount
    return CompressionResult(
      model: result,
      layers: [
        LayerReport(
          layer: "the whole file", outcome: "packed: \(bytes) bytes of parameters and the header under one code",
          figures: ["bytes_before": Double(bytes)])
      ])
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
    case layers, scope
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      scope: try container.decodeIfPresent(Scope.self, forKey: .scope) ?? .sections)
  }
}
