import PareGraph
import PareTensor

/// What a training run will do and what it will need: the graph of loss and gradient for each size of a batch, cut into
/// pieces, and where every value lies. Making one takes no memory for values.
struct TrainingPlan {
  /// Some rows of a batch, with a gradient vector of their own.
  struct Piece {
    /// Of the batch.
    let range: Range<Int>
    let rows: RowPlan
    /// The value that holds the piece's share of the batch's loss.
    let loss: String
    /// Gradients that are computed where they belong in the vector.
    let placed: [(value: String, entry: ParameterLayout.Entry)]
    /// Those that cannot be: one value that is the gradient of two parameters.
    let copied: [(value: String, entry: ParameterLayout.Entry)]
  }

  struct Batch {
    let rowCount: Int
    let pieces: [Piece]
  }

  let layout: ParameterLayout
  /// Of the running averages that normalizations keep, and of states that go from batch to batch.
  let statistics: ParameterLayout
  /// Of the numbers that tell a graph how far training has come.
  let signals: ParameterLayout
  /// The values that `statistics` take after a step, in their order.
  let updates: [String]
  /// A full batch, and what an epoch leaves over.
  let batches: [Batch]
  let mask: [UInt8]?

  init(_ problem: TrainingProblem, settings: TrainingSettings) throws {
    try self.init(
      problem.graph, loss: problem.loss, data: problem.training, settings: settings, mixesRows: problem.mixesRows,
      carried: problem.carried)
  }

  /// - Parameters:
  ///   - graph: the model with `loss` appended to it.
  ///   - mixesRows: whether a row's part of the loss depends on the rows beside it, so that a batch is not cut.
  ///   - carried: states that go from one batch to the next.
  /// - Throws: `training.nothing-trainable`, `training.parameter-type`; what a graph that cannot be differentiated or data
  ///   that do not fit it throw.
  init(
    _ graph: Graph, loss: String, data: TrainingData, settings: TrainingSettings, mixesRows: Bool,
    carried: [CarriedState] = []
  ) throws {
    var form = try TrainingForm(graph, seed: settings.seed)
    form.updates += carried
    let trained = try form.graph.fusingAttention(keeping: Set([loss] + form.updates.map(\.value)))
    let whole = try Differentiation(of: loss, in: trained)
    guard !whole.gradients.isEmpty else {
      throw TrainingError(
        "nothing-trainable", subject: "graph '\(graph.name)'", expected: "a trainable parameter that the loss depends on",
        found: "none")
    }
    layout = try ParameterLayout(
      graph, names: whole.gradients.keys, frozen: Set(settings.freezing?.parameters ?? []))
    statistics = try ParameterLayout(graph, names: form.updates.map(\.parameter))
    signals = try ParameterLayout(graph, names: TrainingSignal.allCases.map(\.rawValue))
    let values = Dictionary(form.updates.map { ($0.parameter, $0.value) }, uniquingKeysWith: { first, _ in first })
    updates = statistics.entries.compactMap { values[$0.name] }
    mask = layout.trainingMask(of: graph)

    var batches: [Batch] = []
    for size in chunkSizes(of: data.rowCount, limit: settings.batchSize) {
      let piece = try Self.piece(0..<size, of: whole, loss: loss, layout, statistics.entries + signals.entries, updates)
      try piece.rows.checkInputs(data)
      guard graph.takesAnyRowCount, !mixesRows, !trained.mixesRows else {
        batches.append(Batch(rowCount: size, pieces: [piece]))
        continue
      }
      let ranges = Shards.ranges(
        rowCount: size, work: Shards.multiplyAdds(trained.nodes, types: piece.rows.plan.types),
        weightCount: layout.elementCount)
      guard ranges.count > 1 else {
        batches.append(Batch(rowCount: size, pieces: [piece]))
        continue
      }
      var pieces: [Piece] = []
      for range in ranges {
        // The mean over the batch is the sum of the pieces' means, each by its share of the rows.
        var builder = try GraphBuilder(trained)
        let share = try builder.scaled(loss, by: Double(range.count) / Double(size))
        let differentiation = try Differentiation(of: share, in: builder.graph)
        pieces.append(
          try Self.piece(range, of: differentiation, loss: share, layout, statistics.entries + signals.entries, updates))
      }
      batches.append(Batch(rowCount: size, pieces: pieces))
    }
    self.batches = batches
  }

  /// Gradient vectors that are needed: the pieces of the batch that has most.
  var pieceCount: Int { batches.map(\.pieces.count).max() ?? 1 }

  private static func piece(
    _ range: Range<Int>, of differentiation: Differentiation, loss: String, _ layout: ParameterLayout,
    _ others: [ParameterLayout.Entry], _ updates: [String]
  ) throws -> Piece {
    let computed = Set(differentiation.graph.nodes.flatMap(\.outputs)).subtracting([loss])
    var values = Set((layout.entries + others).map(\.name))
    var placed: [(value: String, entry: ParameterLayout.Entry)] = []
    var copied: [(value: String, entry: ParameterLayout.Entry)] = []
    for entry in layout.entries {
      guard let value = differentiation.gradients[entry.name] else { continue }
      if computed.contains(value), values.insert(value).inserted {
        placed.append((value, entry))
      } else {
        copied.append((value, entry))
      }
    }
    let rows = try RowPlan(
      differentiation.graph, rowCount: range.count, outputs: [loss] + copied.map(\.value) + updates, placed: values)
    return Piece(range: range, rows: rows, loss: loss, placed: placed, copied: copied)
  }
}

extension Graph {
  /// Whether a row's result depends on the rows beside it, as where normalization uses the batch's own statistics.
  fileprivate var mixesRows: Bool {
    nodes.contains { $0.operatorName == "BatchNormalization" && $0.attributes["training_mode"] == .int(1) }
  }
}

extension ParameterLayout {
  /// The masks of sparse parameters over the whole vector, 1 where an element may change; nil where none is sparse.
  fileprivate func trainingMask(of graph: Graph) -> [UInt8]? {
    let masks = entries.map { graph.parameters[$0.name]?.storage.trainingMask }
    guard masks.contains(where: { $0 != nil }) else { return nil }
    var result = [UInt8](repeating: 1, count: elementCount)
    for (entry, mask) in zip(entries, masks) {
      for (index, keeps) in (mask ?? []).enumerated() where !keeps { result[entry.offset + index] = 0 }
    }
    return result
  }
}
