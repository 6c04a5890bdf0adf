import PareGraph
import PareModels

/// The settings of one kind of network over a cross-section of symbols. Files spell it as
/// `{graph-attention: {hidden: [32, 32]}}`, the name and what it takes.
///
/// A new kind is a file beside this one and a line in `CrossSectionCatalogue`.
public protocol CrossSectionSettings: Codable, Hashable, Sendable {
  /// The word by which files name it.
  static var name: String { get }

  /// In a few words.
  var words: String { get }

  /// What a symbol sees, and what reads its steps.
  var sight: SymbolSight { get }

  /// Checks the ranges.
  ///
  /// - Throws: `CompressionError` `compression.range`, naming the setting.
  func validate(at path: ParameterPath) throws

  /// A graph from `input [batch, symbols, …]` and `mask [batch, symbols]` to `logits [batch, symbols, outputs]`,
  /// `probabilities` and, with thresholds, `decision`, with freshly drawn weights.
  ///
  /// - Parameters:
  ///   - section: the shape of a row, who sees whom.
  ///   - name: the graph's; the kind's own where nil.
  /// - Throws: `graph.architecture`.
  func graph(
    _ section: CrossSection, seed: UInt64, name: String?, input: String, mask: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph
}

extension CrossSectionSettings {
  /// Whether other settings are the same kind with the same values.
  func equals(_ other: any CrossSectionSettings) -> Bool { (other as? Self) == self }
}

/// Every kind of network over a cross-section. Adding one is a file beside this one and a line here.
public enum CrossSectionCatalogue {
  public static let all: [any CrossSectionSettings.Type] = [
    GraphAttentionSettings.self,
    GraphTransformerSettings.self,
  ]
}
