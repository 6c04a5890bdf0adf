import PareGraph
import PareModels

/// The shape of a network over panels. In files: `{linear: {}}`, `{gru: {hidden: [32]}}`, `{s3g: {width: 32, rank: 8}}`; `PanelCatalogue`
/// has all.
public struct PanelArchitecture: Sendable {
  public let settings: any PanelSettings

  public init(_ settings: any PanelSettings) {
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

  /// A graph with freshly drawn weights: `features [batch, steps, symbols, inputs]` and `mask` to `scores [batch, steps, symbols]`.
  ///
  /// - Throws: `graph.architecture`.
  public func graph(_ shape: PanelShape, groups: SymbolMemberships? = nil, seed: UInt64, name: String? = nil) throws -> Graph {
    try settings.network(shape, groups: groups).graph(seed: seed, name: name)
  }
}

extension PanelArchitecture: Hashable {
  public static func == (left: PanelArchitecture, right: PanelArchitecture) -> Bool { left.settings.equals(right.settings) }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(settings)
  }
}

extension PanelArchitecture: Codable {
  /// - Throws: `CompressionError` for a kind that the catalogue lacks, with the nearest; for more than one; for what is wrong
  ///   in its settings.
  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(among: PanelCatalogue.all.map { $0.name })
    func settings<Settings: PanelSettings>(_ type: Settings.Type) throws -> any PanelSettings { try container.decode(type, forKey: key) }
    guard let type = PanelCatalogue.all.first(where: { $0.name == key.stringValue }) else {
      preconditionFailure("a name of the catalogue, '\(key.stringValue)', has no kind")
    }
    self.init(try settings(type))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    try container.encode(settings, forKey: AnyKey(stringValue: name))
  }
}
