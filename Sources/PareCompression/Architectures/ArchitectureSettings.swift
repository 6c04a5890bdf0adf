import PareGraph
import PareModels

/// The settings of one kind of network, whose inputs and outputs the data, or a teacher, decide. Files spell it as
/// `{mlp: {hidden: [16, 8]}}`, the name and what it takes.
///
/// A new kind is a file beside this one and a line in `ArchitectureCatalogue`. Decoding refuses unknown keys
/// (`strictContainer`), encoding spells every default out.
public protocol ArchitectureSettings: Codable, Hashable, Sendable {
  /// The word by which files name it.
  static var name: String { get }

  /// In a few words, without defaults: `"MLP 16-8"`.
  var words: String { get }

  /// Checks the ranges.
  ///
  /// - Parameter path: the place of these settings in their document, for messages.
  /// - Throws: `CompressionError` `compression.range`, naming the setting.
  func validate(at path: ParameterPath) throws

  /// A graph from `input [batch, …]` to `logits [batch, outputs]`, `probabilities` and, with thresholds, `decision`, with
  /// freshly drawn weights.
  ///
  /// - Parameters:
  ///   - rowShape: extents of one row: `[features]` or, as sequences need it, `[candles, features]`.
  ///   - name: the graph's; the kind's own where nil.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture` where the shape of a row is not the network's.
  func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph
}

extension ArchitectureSettings {
  /// The extents of a window.
  ///
  /// - Throws: `graph.architecture` where a row is none.
  func window(_ rowShape: [Int]) throws -> (steps: Int, inputs: Int) {
    guard rowShape.count == 2 else {
      throw GraphError(
        "architecture", subject: words, expected: "rows of [candles, features], as 'features: {window: 32}' makes them",
        found: "rows of \(rowShape)", category: .usage)
    }
    return (rowShape[0], rowShape[1])
  }

  /// Whether other settings are the same kind with the same values.
  func equals(_ other: any ArchitectureSettings) -> Bool { (other as? Self) == self }
}

/// Every kind of network that teachers and students can be. Adding one is a file beside this one and a line here.
public enum ArchitectureCatalogue {
  public static let all: [any ArchitectureSettings.Type] = [
    MultilayerPerceptronSettings.self,
    ConvolutionalSettings.self,
    LSTMSettings.self,
    GRUSettings.self,
    TemporalConvolutionalSettings.self,
    TransformerSettings.self,
    DeepLOBSettings.self,
    ExpertsSettings.self,
  ]
}
