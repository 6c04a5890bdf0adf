import PareGraph
import PareModels

/// Whom a symbol sees, and what reads its steps where rows have them.
public struct SymbolSight: Hashable, Sendable {
  /// Whom a symbol sees.
  public enum Edges: String, RecipeWord {
    /// All, alike.
    case complete
    /// As a matrix says that comes with the data.
    case given
    /// As trained vectors say.
    case learned
  }

  public var edges: Edges
  /// Numbers of a symbol's vector, where edges are learned.
  public var embedding: Int
  public var sequence: SymbolSequence

  public init(edges: Edges = .complete, embedding: Int = 8, sequence: SymbolSequence = .gru(units: 32)) {
    self.edges = edges
    self.embedding = embedding
    self.sequence = sequence
  }

  /// - Parameters:
  ///   - edges, embedding, sequence: the places of the settings.
  func validate(embedding: ParameterPath, sequence: ParameterPath) throws {
    try embedding.require(self.embedding, in: 1...1024)
    try SymbolSequenceSettings(self.sequence).validate(at: sequence)
  }

  /// - Parameters:
  ///   - rowShape: `[symbols, features]` or `[symbols, steps, features]`.
  ///   - adjacency: the matrix, where edges are given.
  /// - Throws: `graph.architecture` for another shape, and where a matrix is missing.
  func section(rowShape: [Int], outputs: Int, adjacency: SymbolAdjacency?, subject: String) throws -> CrossSection {
    guard rowShape.count == 2 || rowShape.count == 3 else {
      throw GraphError(
        "architecture", subject: subject, expected: "rows of [symbols, features] or [symbols, steps, features]",
        found: "rows of \(rowShape)", category: .usage)
    }
    let edges: SymbolEdges
    switch (self.edges, adjacency) {
    case (.complete, _): edges = .complete
    case (.learned, _): edges = .learned(dimensions: embedding)
    case (.given, let adjacency?): edges = .given(adjacency)
    case (.given, nil):
      throw GraphError(
        "architecture", subject: "\(subject): edges", expected: "a matrix of the symbols' edges", found: "none", category: .usage)
    }
    return CrossSection(
      symbols: rowShape[0], steps: rowShape.count == 3 ? rowShape[1] : nil, inputs: rowShape[rowShape.count - 1],
      outputs: outputs, edges: edges, sequence: sequence)
  }
}

/// How a sequence's layers are spelled: `{gru: {units: 32}}` or `{tcn: {channels: [32, 32], kernel: 3}}`.
struct SymbolSequenceSettings: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case gru, tcn
  }

  private enum GRUKeys: String, CodingKey, CaseIterable {
    case units
  }

  private enum TCNKeys: String, CodingKey, CaseIterable {
    case channels, kernel
  }

  let sequence: SymbolSequence

  init(_ sequence: SymbolSequence) {
    self.sequence = sequence
  }

  init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    let decoder = try container.superDecoder(forKey: key)
    switch key {
    case .gru: sequence = .gru(units: try decoder.strictContainer(keyedBy: GRUKeys.self).decode(Int.self, forKey: .units))
    case .tcn:
      let layers = try decoder.strictContainer(keyedBy: TCNKeys.self)
      sequence = .tcn(
        channels: try layers.decode([Int].self, forKey: .channels),
        kernel: try layers.decodeIfPresent(Int.self, forKey: .kernel) ?? 3)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch sequence {
    case .gru(let units):
      var layers = container.nestedContainer(keyedBy: GRUKeys.self, forKey: .gru)
      try layers.encode(units, forKey: .units)
    case .tcn(let channels, let kernel):
      var layers = container.nestedContainer(keyedBy: TCNKeys.self, forKey: .tcn)
      try layers.encode(channels, forKey: .channels)
      try layers.encode(kernel, forKey: .kernel)
    }
  }

  func validate(at path: ParameterPath) throws {
    switch sequence {
    case .gru(let units): try path.key(Keys.gru).key(GRUKeys.units).require(units, in: 1...8192)
    case .tcn(let channels, let kernel):
      let path = path.key(Keys.tcn)
      try path.key(TCNKeys.channels).require(widths: channels, "a number", atLeast: 1, atMost: 16, in: 1...8192)
      try path.key(TCNKeys.kernel).require(kernel, in: 1...64)
    }
  }
}
