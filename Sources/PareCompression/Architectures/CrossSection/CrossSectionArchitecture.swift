import PareGraph
import PareModels

/// The shape of a network over a cross-section of symbols, whose extents the data decide. In files:
/// `{graph-attention: {hidden: [32, 32]}}`, `{graph-transformer: {layers: 2}}`; `CrossSectionCatalogue` has all.
public struct CrossSectionArchitecture: Sendable {
  public let settings: any CrossSectionSettings

  public init(_ settings: any CrossSectionSettings) {
    self.settings = settings
  }

  /// The word by which files name its kind.
  public var name: String { type(of: settings).name }

  /// In a few words.
  public var words: String { settings.words }

  /// Checks the ranges.
  ///
  /// - Throws: `CompressionError` `compression.range`, naming the setting.
  public func validate(at path: ParameterPath) throws {
    try settings.validate(at: path.key(name))
  }

  /// A graph with freshly drawn weights.
  ///
  /// - Parameters:
  ///   - rowShape: extents of one row: `[symbols, features]` or `[symbols, steps, features]`.
  ///   - adjacency: who sees whom, where the settings say that it is given.
  ///   - input, mask: the names of the inputs.
  ///   - normalizer: per feature, put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture` where the shape of a row is not the network's, or the matrix is missing.
  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, adjacency: SymbolAdjacency? = nil, name: String? = nil,
    input: String = "features", mask: String = "mask", normalizer: Normalizer? = nil, thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    let section = try settings.sight.section(rowShape: rowShape, outputs: outputs, adjacency: adjacency, subject: words)
    return try settings.graph(
      section, seed: seed, name: name, input: input, mask: mask, normalizer: normalizer, thresholds: thresholds)
  }
}

extension CrossSectionArchitecture: Hashable {
  public static func == (left: CrossSectionArchitecture, right: CrossSectionArchitecture) -> Bool {
    left.settings.equals(right.settings)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(settings)
  }
}

extension CrossSectionArchitecture: Codable {
  /// - Throws: `CompressionError` for a kind that the catalogue lacks, with the nearest; for more than one; for what is wrong
  ///   in its settings.
  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(among: CrossSectionCatalogue.all.map { $0.name })
    func settings<Settings: CrossSectionSettings>(_ type: Settings.Type) throws -> any CrossSectionSettings {
      try container.decode(type, forKey: key)
    }
    guard let type = CrossSectionCatalogue.all.first(where: { $0.name == key.stringValue }) else {
      preconditionFailure("a name of the catalogue, '\(key.stringValue)', has no kind")
    }
    self.init(try settings(type))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    try container.encode(settings, forKey: AnyKey(stringValue: name))
  }
}
