import PareGraph
import PareTensor
import PareTraining
import RealModule

/// One run of the technique over a model.
struct StructuredPruningRun {
  /// Rows of the training part by which importances and means are found, evenly spaced in its order.
  private static let rowCount = 4096

  private let technique: StructuredPruning
  private let model: Model
  private let context: CompressionContext
  /// Names of the layers whose channels may go.
  private let selected: Set<String>
  private let rows: TrainingData?
  /// By layer: how many channels it had, and why it keeps them all.
  private var before: [String: Int] = [:]
  private var reasons: [String: String] = [:]
  /// Before the first round.
  private var unitCount = 0

  init(_ technique: StructuredPruning, _ model: Model, _ context: CompressionContext) throws {
    self.technique = technique
    self.model = model
    self.context = context
    let tensors = try technique.layers.weights(of: model.graph)
    for tensor in tensors { _ = try model.graph.weights(of: tensor) }
    selected = Set(tensors.map(\.name))
    let needsRows = technique.criterion.needsRows || technique.compensates
    rows = needsRows ? try context.trainingRows(for: StructuredPruning.name).evenlySpaced(Self.rowCount) : nil
  }

  mutating func result() throws -> CompressionResult {
    var graph = model.graph
    let start = try technique.target.cost(of: graph, for: StructuredPruning.name)
    if let start, start <= technique.target.limit(before: start) {
      let outcome = "all channels stay: \(technique.target.words(start)) are within the target"
      return CompressionResult(model: model, layers: selected.sorted().map { LayerReport(layer: $0, outcome: outcome) })
    }
    for round in 1...technique.rounds {
      context.progress(
        CompressionProgress(
          technique: StructuredPruning.name, activity: "round \(round) of \(technique.rounds)",
          fraction: Double(round - 1) / Double(technique.rounds)))
      graph = try pruned(graph, start: start, share: Double(round) / Double(technique.rounds))
      if let fineTuning = technique.fineTuning {
        graph = try fineTuning.train(graph, inPlaceOf: model, for: StructuredPruning.name, in: context)
      }
    }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: try reports(graph))
  }

  // MARK: one round

  /// - Parameters:
  ///   - start: what the model cost before the first round.
  ///   - share: of the way to the target, counted by the logarithm of what is left.
  private mutating func pruned(_ graph: Graph, start: Double?, share: Double) throws -> Graph {
    // First states that are zeros, written out, would hold their layers' units.
    let map = try ChannelMap(ZeroStates.dropped(from: graph))
    let (all, frozen) = map.table.units()
    let units = all.filter { unit in unit.makers.allSatisfy(selected.contains) && !unit.slices.isEmpty }
    note(units, frozen)
    guard !units.isEmpty else {
      throw CompressionError(
        "no-layers", subject: "model '\(graph.name)'", expected: "at least one selected layer whose channels can be taken out",
        found: reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; "))
    }
    let statistics = try rows.map { try ChannelStatistics(of: map, rows: $0) }
    let importance = try ChannelImportance(map, units).values(by: technique.criterion, rows: rows, statistics: statistics)
    if let wrong = importance.firstIndex(where: { !$0.isFinite }) {
      throw CompressionError(
        "non-finite-value", subject: "layer '\(units[wrong].makers[0])'", expected: "channels of finite importance", found: "\(importance[wrong])")
    }
    let selection = ChannelSelection(
      units, importance: importance, isComparable: technique.criterion == .taylor, multiple: technique.multiple)
    let removed = try choose(selection, map, units, start: start, share: share).map { units[$0] }
    var result = try ChannelRemoval(map: map).graph(without: removed)
    if technique.compensates, let statistics {
      MeanCompensation(map: map, statistics: statistics).apply(to: &result, without: removed)
      _ = try result.inferredTypes()
    }
    return result
  }

  /// Remembers what layers had before the first round.
  private mutating func note(_ units: [ChannelUnit], _ frozen: [String: String]) {
    guard before.isEmpty else { return }
    unitCount = units.count
    for maker in units.flatMap(\.makers).unique() { before[maker] = units.count { $0.makers.contains(maker) } }
    reasons = frozen.filter { selected.contains($0.key) && before[$0.key] == nil }
  }

  private func choose(
    _ selection: ChannelSelection, _ map: ChannelMap, _ units: [ChannelUnit], start: Double?, share: Double
  ) throws -> [Int] {
    guard let start else {
      guard case .ratio(let ratio) = technique.target else { return [] }
      let kept = Double.pow(1 - ratio, share)
      // Of what there was at first, so that rounds meet the target together.
      let fraction = max(1 - kept * Double(unitCount) / Double(units.count), 0)
      return technique.scope == .perLayer
        ? selection.removed(ratio: fraction) : selection.removed(count: Int((fraction * Double(units.count)).rounded()))
    }
    let limit = technique.target.limit(before: start)
    let wanted = start > limit ? start * Double.pow(limit / start, share) : limit
    func cost(_ count: Int) throws -> Double {
      let removed = selection.removed(count: count).map { units[$0] }
      return try technique.target.cost(of: ChannelRemoval(map: map).graph(without: removed), for: StructuredPruning.name) ?? 0
    }
    // The fewest channels that do.
    var (low, high) = (0, selection.removableCount + 1)
    while low < high {
      let middle = (low + high) / 2
      guard middle <= selection.removableCount else { break }
      if try cost(middle) <= wanted { high = middle } else { low = middle + 1 }
    }
    guard low <= selection.removableCount else {
      throw CompressionError(
        "budget", subject: StructuredPruning.name, expected: "at most \(technique.target.words(limit))",
        found: "\(technique.target.words(try cost(selection.removableCount))) with the fewest channels")
    }
    return selection.removed(count: low)
  }

  // MARK: reporting

  private func reports(_ graph: Graph) throws -> [LayerReport] {
    let map = try ChannelMap(graph)
    var now: [String: Int] = [:]
    for unit in map.table.units().units { for maker in unit.makers { now[maker, default: 0] += 1 } }
    return model.graph.weightTensors.map(\.name).unique().filter { selected.contains($0) }.map { layer in
      if let before = before[layer] {
        let after = now[layer] ?? 0
        return LayerReport(
          layer: layer, outcome: after == before ? "all \(before) channels stay" : "\(after) of \(before) channels stay",
          figures: ["channels_before": Double(before), "channels": Double(after)])
      }
      return LayerReport(layer: layer, outcome: "all channels stay: \(reasons[layer] ?? "they go with those of layers that are not selected")")
    }
  }
}
