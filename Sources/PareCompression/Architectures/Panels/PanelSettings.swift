import PareModels

/// The settings of one kind of network over panels, whose symbols and features the data decide. Files spell it as
/// `{s3g: {width: 32}}`, the name and what it takes.
///
/// A new kind is a type in a file beside this one and a line in `PanelCatalogue`.
public protocol PanelSettings: Codable, Hashable, Sendable {
  /// The word by which files name it.
  static var name: String { get }

  /// In a few words.
  var words: String { get }

  /// Whether it takes groups of symbols that the data name.
  var takesGroups: Bool { get }

  /// Checks the ranges.
  ///
  /// - Throws: `CompressionError` `compression.range`, naming the setting.
  func validate(at path: ParameterPath) throws

  /// The network for data.
  ///
  /// - Throws: `graph.architecture` where groups are needed and there are none.
  func network(_ shape: PanelShape, groups: SymbolMemberships?) throws -> any PanelNetwork
}

extension PanelSettings {
  public var takesGroups: Bool { false }

  /// Whether other settings are the same kind with the same values.
  func equals(_ other: any PanelSettings) -> Bool { (other as? Self) == self }
}

/// Every kind of network over panels. Adding one is a type in a file beside this one and a line here.
public enum PanelCatalogue {
  public static let all: [any PanelSettings.Type] = [
    PanelLinearSettings.self,
    PanelPerceptronSettings.self,
    PanelLSTMSettings.self,
    PanelGRUSettings.self,
    PanelTransformerSettings.self,
    PanelGraphAttentionSettings.self,
    PanelGraphTransformerSettings.self,
    S3GSettings.self,
  ]
}
