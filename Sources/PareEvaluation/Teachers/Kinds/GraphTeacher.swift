import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// A network over the whole cross-section, trained on labels: nodes are symbols, and one pass scores them all.
/// `{graph: {network: {graph-attention: {edges: given}}, edges: {groups: industries.csv}}, features: {…}}`.
///
/// Edges that are given are fixed before validation begins: groups of a file, edges of a file, or the correlation of returns up to the last
/// decision that is learned from.
public struct GraphTeacher: TeacherKind {
  public static let key = "graph"

  /// Where edges come from that the network is given.
  public enum Edges: Sendable, Hashable {
    /// The network knows them, or learns them.
    case ofTheNetwork
    /// Symbols that share a group: a sector, an industry, a concept. A relative path counts from the experiment file's folder.
    case groups(path: String, column: String?)
    /// The strongest correlations of each symbol over so many candles before the end of the training rows; nil for all of them.
    case correlation(candles: Int?, strongest: Int)
    /// A file with the columns source, target and weight.
    case file(path: String)
  }

  public var network: CrossSectionArchitecture
  public var edges: Edges
  public var training: TrainingSchedule
  /// What it sees of each symbol in place of the experiment's features; of those only the symbol's own.
  public var features: FeatureChoice?
  /// Training dates at most, evenly spaced; nil for all.
  public var rows: Int?

  public static let schedule = TrainingSchedule(epochs: 60, batchSize: 256, learningRate: 1e-3, weightDecay: 0.3, patience: 10)

  public init(
    _ network: CrossSectionArchitecture, edges: Edges = .ofTheNetwork, training: TrainingSchedule = GraphTeacher.schedule,
    features: FeatureChoice? = nil, rows: Int? = nil
  ) {
    (self.network, self.edges, self.training, self.features, self.rows) = (network, edges, training, features, rows)
  }

  public var words: String { "\(network.words) over the cross-section, on labels" }
  public var inputs: [FeatureChoice] { features.map { [$0] } ?? [] }
  public var files: [String] {
    switch edges {
    case .groups(let path, _), .file(let path): [path]
    case .ofTheNetwork, .correlation: []
    }
  }

  public func validate(at path: ParameterPath) throws {
    let place = path.key(Self.key)
    try network.validate(at: place.key(CodingKeys.network))
    try training.validate(at: place.key(CodingKeys.training))
    try path.key(OuterKeys.rows).require((rows ?? 2) >= 2, expected: "at least 2", found: rows ?? 0)
    try path.key(OuterKeys.features).require(
      features?.crossSection != true, expected: "no cross-section, which the network sees by symbol", found: "cross-section: true")
    let needsEdges = network.settings.sight.edges == .given
    try place.key(CodingKeys.edges).require(
      needsEdges == (edges != .ofTheNetwork),
      expected: needsEdges ? "groups, correlation or a file, since the network's edges are given" : "none, unless the network's edges are given",
      found: edges == .ofTheNetwork ? "none" : "some")
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let shared = room.experiment.features
    let view = try room.view(features ?? (shared.crossSection ? shared.ofOneSymbol : nil))
    let span = room.span ?? room.data.dataset.span
    let fitted = try CrossSections(of: view.dataset, rows: view.dataset.rows(within: span.training))
    let stopping = try CrossSections(of: view.dataset, rows: view.dataset.rows(within: span.validation))
    var generator = SeededGenerator(seed: room.seed, stream: "model/" + room.name)
    let graph = try network.graph(
      rowShape: [fitted.symbolCount] + fitted.rowShape, outputs: view.classCount, seed: generator.next(),
      adjacency: try adjacency(room, view.dataset, until: span.training.upperBound), name: room.name, normalizer: view.normalizerNodes)
    let data = try fitted.rowsToLearnFrom()
    let context = CompressionContext(
      training: rows.map(data.evenlySpaced) ?? data, validation: try stopping.rowsToLearnFrom(), seed: generator.next(),
      progress: room.progress)
    var model = Model(
      graph: try training.train(graph, loss: CrossSectionCrossEntropy(), for: room.name, in: context, checkpoint: room.checkpoint))
    for section in try view.sections() { model.sections[section.name] = section.text }
    let all = try CrossSections(of: view.dataset, rows: 0..<view.dataset.rowCount)
    let said = try Scorer(model.graph, outputs: ["logits"]).run(all.rowsToLearnFrom())["logits"]?.values(as: Float.self) ?? []
    return TrainedTeacher(
      outputs: try room.outputs(try all.rows(of: said, width: view.classCount), of: view),
      parts: [TrainedTeacher.Part(name: room.name, model: model, fed: .other(width: all.symbolCount * (all.width + 1)))])
  }

  private func adjacency(_ room: TeacherRoom, _ dataset: MarketDataset, until time: Int64) throws -> SymbolAdjacency? {
    let symbols = dataset.keys.map(\.symbol)
    let graph: SymbolGraph
    switch edges {
    case .ofTheNetwork: return nil
    case .groups(let path, let column):
      graph = try .groups(SymbolGroups.read(path: room.resolve(path), column: column, policy: .skip), symbols, policy: .skip)
    case .file(let path): graph = try .read(path: room.resolve(path), symbols)
    case .correlation(let candles, let strongest):
      graph = try SymbolGraph.correlation(of: ReturnPanel(of: room.data.series), at: time, window: candles).keeping(strongest: strongest)
    }
    // What goes against another tells as much of it as what goes with it.
    return SymbolAdjacency(symbols: symbols.count, weights: graph.weights.map(abs))
  }
}

extension CrossSections {
  /// Features, mask and labels as a network over cross-sections takes them.
  fileprivate func rowsToLearnFrom() throws -> TrainingData {
    try TrainingData([
      "features": Tensor(features, shape: Shape(shape)),
      "mask": Tensor(mask.map { $0 ? Float(1) : 0 }, shape: [timeCount, symbolCount]),
      "labels": Tensor(labels.map(Int64.init), shape: [timeCount, symbolCount]),
    ])
  }
}

extension GraphTeacher: Codable {
  private enum OuterKeys: String, CodingKey, CaseIterable {
    case graph, features, rows
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case network, edges, training
  }

  public init(from decoder: any Decoder) throws {
    let outer = try decoder.strictContainer(keyedBy: OuterKeys.self)
    let container = try outer.superDecoder(forKey: .graph).strictContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(CrossSectionArchitecture.self, forKey: .network),
      edges: try container.decodeIfPresent(Edges.self, forKey: .edges) ?? .ofTheNetwork,
      features: try outer.decodeIfPresent(FeatureChoice.self, forKey: .features), rows: try outer.decodeIfPresent(Int.self, forKey: .rows))
    if container.contains(.training) {
      training = try TrainingSchedule(from: container.superDecoder(forKey: .training), defaults: training)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: OuterKeys.self)
    var container = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .graph)
    try container.encode(network, forKey: .network)
    if edges != .ofTheNetwork { try container.encode(edges, forKey: .edges) }
    try container.encode(training, forKey: .training)
    try outer.encodeIfPresent(features, forKey: .features)
    try outer.encodeIfPresent(rows, forKey: .rows)
  }
}

/// `{groups: industries.csv, column: industry}`, `{correlation: {candles: 250, strongest: 8}}` or `{file: edges.csv}`.
extension GraphTeacher.Edges: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case groups, column, correlation, file
  }

  private enum CorrelationKeys: String, CodingKey, CaseIterable {
    case candles, strongest
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    let given = [CodingKeys.groups, .correlation, .file].filter(container.contains)
    try path.require(given.count == 1, expected: "one of groups, correlation, file", found: "\(given.count)")
    try path.key(CodingKeys.column).require(
      given[0] == .groups || !container.contains(.column), expected: "none without 'groups'", found: "one")
    switch given[0] {
    case .groups:
      self = .groups(
        path: try container.decode(String.self, forKey: .groups), column: try container.decodeIfPresent(String.self, forKey: .column))
    case .file: self = .file(path: try container.decode(String.self, forKey: .file))
    default:
      let settings = try container.superDecoder(forKey: .correlation).strictContainer(keyedBy: CorrelationKeys.self)
      let candles = try settings.decodeIfPresent(Int.self, forKey: .candles)
      let strongest = try settings.decodeIfPresent(Int.self, forKey: .strongest) ?? 8
      let place = path.key(CodingKeys.correlation)
      try place.key(CorrelationKeys.candles).require((candles ?? 20) >= 20, expected: "at least 20", found: candles ?? 0)
      try place.key(CorrelationKeys.strongest).require(strongest >= 1, expected: "at least 1", found: strongest)
      self = .correlation(candles: candles, strongest: strongest)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .ofTheNetwork: break
    case .groups(let path, let column):
      try container.encode(path, forKey: .groups)
      try container.encodeIfPresent(column, forKey: .column)
    case .file(let path): try container.encode(path, forKey: .file)
    case .correlation(let candles, let strongest):
      var settings = container.nestedContainer(keyedBy: CorrelationKeys.self, forKey: .correlation)
      try settings.encodeIfPresent(candles, forKey: .candles)
      try settings.encode(strongest, forKey: .strongest)
    }
  }
}
