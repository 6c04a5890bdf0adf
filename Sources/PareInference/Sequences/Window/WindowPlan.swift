import PareGraph
import PareTensor

/// A model over a window of rows as three plans: one for the older rows, one for a window that moved on by a row, and one
/// from the newest row to the answer.
final class WindowPlan: Sendable {
  /// A value that one plan yields and others take in.
  struct Kept: Sendable {
    let name: String
    let byteCount: Int
    /// Where it is read: the newest row's plan, and a slide's, of the window before it moved.
    let isReadByNewest: Bool
    let isReadBySlide: Bool
  }

  let windowLength: Int
  let featureCount: Int
  /// Nil where nothing is kept.
  let older: ExecutionPlan?
  let slide: ExecutionPlan?
  let newest: ExecutionPlan
  let kept: [Kept]
  /// Whether something else is kept than rows of the input.
  let keepsValues: Bool

  var residentByteCount: Int {
    newest.residentByteCount + (older?.residentByteCount ?? 0) + (slide?.residentByteCount ?? 0)
  }

  /// How a graph treats the steps of time, along an axis of its input: by default, of those longer than 1, the one that
  /// most values keep, and the first of several.
  static func rules(_ graph: Graph, axis: Int?) throws -> RowRules? {
    guard graph.inputs.count == 1, graph.inputs[0].type.elementType == .float32 else { return nil }
    let types = try ExecutionPlan.types(of: graph)
    let extents = types[graph.inputs[0].name]?.shape.dimensions ?? []
    let long = extents.indices.filter { extents[$0] > 1 }
    if let axis, !long.contains(axis) {
      throw InferenceError(
        "window", subject: graph.name, expected: "an axis of time of more than one step", found: "axis \(axis) of \(extents)")
    }
    // A row of features by itself is no window.
    guard extents.count >= 3 || long.count == 2 else { return nil }
    let candidates = axis.map { [$0] } ?? (long.count == 2 && extents.count == 2 ? [0] : long)
    var best: (rules: RowRules, score: Int)?
    for axis in candidates {
      let rules = try RowRules(graph, types: types, axis: axis)
      let score = rules.timedCount
      if score > best?.score ?? -1 { best = (rules, score) }
    }
    return best?.rules
  }

  /// - Parameter rules: of a graph that is lowered and fused.
  init(_ rules: RowRules, kernels: KernelSelection) throws {
    let input = rules.graph.inputs[0].name
    let pieces = WindowPieces(rules)
    let count = rules.dependence[input]?.count ?? 1
    windowLength = count
    featureCount = rules.extents(input).reduce(1, *) / max(count, 1)
    keepsValues = pieces.kept.contains { $0.value != input }

    func program(_ part: WindowPieces.Part) throws -> ExecutionPlan {
      var graph = PieceGraph(rules, name: rules.graph.name)
      try graph.features(input, rows: part == .newest ? count - 1..<count : 0..<count - 1)
      for kept in pieces.kept where part != .older {
        let rows = part == .slide ? kept.moved : kept.rows
        if part == .slide && rows.isEmpty { continue }
        // In a slide each row comes from the place behind it.
        let first = part == .slide ? kept.rows.lowerBound - 1 : kept.rows.lowerBound
        try graph.input(Self.name(kept.value), of: kept.value, rows: rows, first: first, count: kept.rows.count)
      }
      for (value, rule) in rules.all {
        for rows in pieces.computed(value, in: part) { try graph.compute(value, rows, by: rule.form(in: part)) }
      }
      if part == .newest {
        for output in rules.graph.outputs {
          let rows = 0..<(rules.dependence[output.name]?.count ?? 1)
          try graph.output(graph.piece(output.name, rows), as: output.name)
        }
      } else {
        for kept in pieces.kept { try graph.output(graph.piece(kept.value, kept.rows), as: Self.name(kept.value) + Self.next) }
      }
      return try ExecutionPlan(lowered: graph.pruned(keeping: input), features: input, kernels: kernels)
    }

    newest = try program(.newest)
    older = pieces.kept.isEmpty ? nil : try program(.older)
    slide = pieces.kept.isEmpty ? nil : try program(.slide)
    let (types, read) = (rules.types, newest.inputs.map(\.name))
    kept = pieces.kept.map { kept in
      let shape = Shape(Self.extents(rules, kept))
      return Kept(
        name: Self.name(kept.value), byteCount: TensorType(types[kept.value]?.elementType ?? .float32, shape).byteCount,
        isReadByNewest: read.contains(Self.name(kept.value)), isReadBySlide: !kept.moved.isEmpty)
    }
  }

  private static func extents(_ rules: RowRules, _ kept: WindowPieces.Kept) -> [Int] {
    var extents = rules.extents(kept.value)
    if let axis = rules.dependence[kept.value]?.axis { extents[axis] = kept.rows.count }
    return extents
  }

  /// What an output's name has behind that of the input that takes it in.
  static let next = ".next"

  private static func name(_ value: String) -> String { "\(value).kept" }
}
