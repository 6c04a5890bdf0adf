import PareGraph
import PareModels

/// The shape of a teacher or a student, whose inputs and outputs the data, or its teacher, decide. In files:
/// `{mlp: {hidden: [16, 8]}}`, `{cnn: {channels: [32, 64]}}`, `{lstm: {hidden: [64]}}`; `ArchitectureCatalogue` has all.
public struct NetworkArchitecture: Sendable {
  public let settings: any ArchitectureSettings

  public init(_ settings: any ArchitectureSettings) {
    self.settings = settings
  }

  /// The word by which files name its kind.
  public var name: String { type(of: settings).name }

  /// In a few words: `"MLP 16-8"`.
  package var words: String { settings.words }

  /// Checks the ranges.
  ///
  /// - Throws: `CompressionError` `compression.range`, naming the setting.
  package func validate(at path: ParameterPath) throws {
    try settings.validate(at: path.key(name))
  }

  /// A graph with freshly drawn weights.
  ///
  /// - Parameters:
  ///   - rowShape: extents of one row: `[features]` or, as sequences need it, `[candles, features]`.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture` where the shape of a row is not the network's.
  package func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String? = nil, input: String = "features",
    normalizer: Normalizer? = nil, thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try settings.graph(
      rowShape: rowShape, outputs: outputs, seed: seed, name: name, input: input, normalizer: normalizer,
      thresholds: thresholds)
  }
}

extension NetworkArchitecture: Hashable {
  public static func == (left: NetworkArchitecture, right: NetworkArchitecture) -> Bool {
    left.settings.equals(right.settings)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(settings)
  }
}
