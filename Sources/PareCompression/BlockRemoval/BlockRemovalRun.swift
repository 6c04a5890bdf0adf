import PareGraph
import PareTensor
import PareTraining
import RealModule

/// One run of the technique over a model.
struct BlockRemovalRun {
  /// Rows of the training part by which importances are found, evenly spaced in its order.
  private static let rowCount = 4096

  /// How a block went.
  private struct Departure {
    let round: Int
    let importance: Double
  }

  private let technique: BlockRemoval
  private let model: Model
  private let context: CompressionContext
  /// Names of the layers that may go.
  private let selected: Set<String>
  /// Those of the model that may go.
  private let blocks: [GraphBlock]
  private let rows: TrainingData
  /// By the layers of the block.
  private var departures: [[String]: Departure] = [:]
  /// Importances of blocks that stay, as last seen.
  private var importances: [[String]: Double] = [:]

  init(_ technique: BlockRemoval, _ model: Model, _ context: CompressionContext) throws {
    self.technique = technique
    self.model = model
    self.context = context
    let selected = Set(try technique.layers.weights(of: model.graph).map(\.name))
    self.selected = selected
    let all = try BlockFinder(model.graph).blocks()
    blocks = all.filter { $0.layers.allSatisfy(selected.contains) }
    guard !blocks.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(model.graph.name)'",
        expected: "at least one block of selected layers whose output has the type of its input",
        found: all.isEmpty ? "none" : "none among \(all.map(\.name).joined(separator: "; "))")
    }
    rows = try context.trainingRows(for: BlockRemoval.name).evenlySpaced(Self.rowCount)
  }

  mutating func result() throws -> CompressionResult {
    let wanted = technique.target.count(of: blocks.count)
    guard wanted <= blocks.count else {
      throw CompressionError(
        "budget", subject: BlockRemoval.name, expected: "at most the \(blocks.count) blocks that there are to go", found: "\(wanted)")
    }
    let start = try technique.target.cost?.cost(of: model.graph, for: BlockRemoval.name)
    var graph = model.graph
    var isWithin = try isMet(graph, start: start, share: 1)
    if isWithin { return CompressionResult(model: model, layers: reports(in: graph)) }
    for round in 1...technique.rounds where !isWithin {
      context.progress(
        CompressionProgress(
          technique: BlockRemoval.name, activity: "round \(round) of \(technique.rounds)",
          fraction: Double(round - 1) / Double(technique.rounds)))
      graph = try cut(graph, round: round, start: start)
      if let fineTuning = technique.fineTuning {
        graph = try fineTuning.train(graph, inPlaceOf: model, for: BlockRemoval.name, in: context)
      }
      isWithin = try isMet(graph, start: start, share: 1)
    }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports(in: graph))
  }

  // MARK: one round

  /// Blocks go one by one until the round's part of the way is done.
  private mutating func cut(_ graph: Graph, round: Int, start: Double?) throws -> Graph {
    var graph = graph
    let share = Double(round) / Double(technique.rounds)
    while try !isMet(graph, start: start, share: share) {
      let left = try BlockFinder(graph).blocks().filter { $0.layers.allSatisfy(selected.contains) }
      guard !left.isEmpty else { throw try unreachable(graph, start: start) }
      let values = try BlockImportance(graph: graph, rows: rows).values(of: left, by: technique.criterion)
      if let wrong = values.firstIndex(where: { !$0.isFinite }) {
        throw CompressionError(
          "non-finite-value", subject: "block '\(left[wrong].name)'", expected: "a finite importance", found: "\(values[wrong])")
      }
      for (block, value) in zip(left, values) { importances[block.layers] = value }
      guard let least = values.indices.min(by: { (values[$0], $0) < (values[$1], $1) }) else { break }
      let smaller = try graph.without(left[least])
      // Each step has to take a layer away, or the way would have no end.
      guard smaller.weightTensors.count < graph.weightTensors.count else { throw try unreachable(graph, start: start) }
      graph = smaller
      let gone = Self.gone(blocks, from: graph)
      for block in gone where departures[block.layers] == nil {
        departures[block.layers] = Departure(round: round, importance: values[least])
      }
    }
    return graph
  }

  /// Of some blocks those of which no layer is left.
  private static func gone(_ blocks: [GraphBlock], from graph: Graph) -> [GraphBlock] {
    let present = Set(graph.nodes.map(\.name))
    return blocks.filter { !$0.layers.contains(where: present.contains) }
  }

  /// - Parameters:
  ///   - start: what the model cost before the first round; nil where blocks count.
  ///   - share: of the way to the target; of a cost counted by the logarithm of what is left.
  private func isMet(_ graph: Graph, start: Double?, share: Double) throws -> Bool {
    guard let start, let cost = technique.target.cost else {
      let wanted = (share * Double(technique.target.count(of: blocks.count))).rounded(.up)
      return Double(Self.gone(blocks, from: graph).count) >= wanted
    }
    let limit = cost.limit(before: start)
    let wanted = start > limit ? start * Double.pow(limit / start, share) : limit
    // In the last round the target itself, free of rounding.
    return try cost.cost(of: graph, for: BlockRemoval.name) ?? 0 <= (share < 1 ? wanted : limit)
  }

  private func unreachable(_ graph: Graph, start: Double?) throws -> CompressionError {
    guard let start, let cost = technique.target.cost else {
      return CompressionError(
        "budget", subject: BlockRemoval.name, expected: "\(technique.target.count(of: blocks.count)) blocks that can go",
        found: "\(Self.gone(blocks, from: graph).count), after which no other leaves a layer with weights")
    }
    return CompressionError(
      "budget", subject: BlockRemoval.name, expected: "at most \(cost.words(cost.limit(before: start)))",
      found: "\(cost.words(try cost.cost(of: graph, for: BlockRemoval.name) ?? 0)) with the fewest blocks")
  }

  // MARK: reporting

  /// A line for each block of the model.
  private func reports(in graph: Graph) -> [LayerReport] {
    blocks.map { block in
      var figures = ["layers": Double(block.layers.count)]
      if let departure = departures[block.layers] {
        figures["importance"] = departure.importance
        figures["round"] = Double(departure.round)
        return LayerReport(layer: block.name, outcome: "goes in round \(departure.round)", figures: figures)
      }
      if let importance = importances[block.layers] { figures["importance"] = importance }
      return LayerReport(layer: block.name, outcome: "stays", figures: figures)
    }
  }
}
