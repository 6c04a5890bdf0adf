import PareGraph
import PareModels

/// One small network for each case: `{experts: {columns: 3, hidden: [16]}}`. The last `columns` numbers of a row say which case holds.
public struct ExpertsSettings: ArchitectureSettings {
  public static let name = "experts"

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case columns, hidden
  }

  /// How many cases there are.
  public var columns: Int
  /// Of each expert; none makes it linear.
  public var hidden: [Int]

  public init(columns: Int, hidden: [Int] = []) {
    (self.columns, self.hidden) = (columns, hidden)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      columns: try container.decode(Int.self, forKey: .columns),
      hidden: try container.decodeIfPresent([Int].self, forKey: .hidden) ?? [])
  }

  public var words: String { "\(columns) experts, \(hidden.isEmpty ? "linear" : "MLP " + hidden.words)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.columns).require((2...1024).contains(columns), expected: "2 to 1024", found: columns)
    try path.key(CodingKeys.hidden).require(widths: hidden, "a width", atLeast: 0)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    try Experts(inputs: rowShape.reduce(1, *), cases: columns, hidden: hidden, outputs: outputs).graph(
      seed: seed, name: name ?? "experts", input: input, rowShape: rowShape, normalizer: normalizer, thresholds: thresholds)
  }
}
