import CPareKernels
import PareGraph
import PareTensor

/// A network over panels made ready for one day at a time, all symbols at once, with the states of its scans kept from day to day.
///
/// The graph takes `features [batch, steps, symbols, inputs]` and a mask `[batch, steps, symbols]`, both Float32, and yields scores
/// `[batch, steps, symbols]`; between steps it has nothing but selective scans (`pare.SelectiveScan` and its integer form). The scores of
/// days that come one by one are those of one call with all of them, and a day's work does not depend on how many there were before.
///
/// ```swift
/// let plan = try PanelPlan(model, symbols: 430)
/// let context = plan.makeContext()
/// if try context.run(features: day, mask: present) { trade(on: context.scores) }
/// ```
///
/// A plan never changes and may be shared; each thread runs it in a context of its own.
public final class PanelPlan: Sendable {
  public let symbols: Int
  /// Which of the model's columns a day brings of each symbol, in this order: all, unless the graph begins with a Gather that picks some
  /// (`feature-selection` makes such graphs).
  public let columns: [Int]
  /// What goes on from day to day.
  public let states: [StreamState]
  /// A day's work.
  public let plan: ExecutionPlan
  /// The names of the mask and of the scores.
  let mask: String
  let scores: String

  /// - Parameters:
  ///   - symbols: how many there are, for a graph that leaves it open.
  ///   - kernels: by default what the environment variable `PARE_KERNELS` names.
  /// - Throws: `inference.panel` for inputs or outputs that are no panel's, a graph that mixes steps otherwise than by a scan, or a number
  ///   of symbols that is missing or not the graph's; what ``ExecutionPlan`` throws.
  public init(_ graph: Graph, symbols: Int? = nil, kernels: KernelSelection? = nil) throws {
    let kernels = try kernels ?? .fromEnvironment()
    let shape = try PanelInterface(graph)
    self.symbols = try shape.symbols(asked: symbols)
    (mask, scores) = (shape.mask, shape.scores)
    let whole = try shape.day(of: graph, symbols: self.symbols).withoutTraining()
    let (day, columns) = try whole.withoutPicking(columns: shape.inputs)
    self.columns = columns
    try StepsApart(day, shape).check()
    let (streaming, states) = try ExecutionPlan.lowered(day).withStates()
    self.states = states
    plan = try ExecutionPlan(lowered: streaming, features: shape.features, kernels: kernels, searchesNaN: false, carried: self.states)
  }

  public convenience init(_ model: Model, symbols: Int? = nil, kernels: KernelSelection? = nil) throws {
    try self.init(model.graph, symbols: symbols, kernels: kernels)
  }

  /// Features of a symbol on a day.
  public var featureCount: Int { columns.count }

  /// Bytes of the states.
  public var stateByteCount: Int {
    states.reduce(0) { sum, state in sum + (plan.inputs.first { $0.name == state.input }?.type.byteCount ?? 0) }
  }

  /// Memory for one stream of days, at its beginning.
  public func makeContext() -> PanelContext { PanelContext(self) }
}

/// What enters and leaves a network over panels.
struct PanelInterface {
  let features: String
  let mask: String
  let scores: String
  let inputs: Int
  private let rows: Dimension

  init(_ graph: Graph) throws {
    let given = graph.inputs.filter { $0.type.elementType == .float32 }
    guard graph.inputs.count == 2, let features = given.first(where: { $0.type.rank == 4 }), let mask = given.first(where: { $0.type.rank == 3 }),
      Array(features.type.dimensions.prefix(3)) == mask.type.dimensions, let inputs = features.type.dimensions[3].fixedValue
    else {
      throw InferenceError(
        "panel", subject: graph.name, expected: "float32 features [batch, steps, symbols, inputs] and a mask [batch, steps, symbols]",
        found: graph.inputs.map { "'\($0.name)' \($0.type)" }.joined(separator: ", "))
    }
    guard graph.outputs.count == 1, graph.outputs[0].type.elementType == .float32, graph.outputs[0].type.dimensions == mask.type.dimensions else {
      throw InferenceError(
        "panel", subject: graph.name, expected: "one output, scores \(mask.type)",
        found: graph.outputs.map { "'\($0.name)' \($0.type)" }.joined(separator: ", "))
    }
    (self.features, self.mask, scores, self.inputs) = (features.name, mask.name, graph.outputs[0].name, inputs)
    rows = mask.type.dimensions[2]
  }

  func symbols(asked: Int?) throws -> Int {
    let known = rows.fixedValue
    guard let count = asked ?? known, count > 0, known == nil || known == count else {
      throw InferenceError(
        "panel", subject: "symbols", expected: known.map { "\($0), as the graph has" } ?? "a number above 0, for a graph that leaves it open",
        found: asked.map { "\($0)" } ?? "none", category: .usage)
    }
    return count
  }

  /// The graph of one step, whatever number it was made for, its features first.
  func day(of graph: Graph, symbols: Int) throws -> Graph {
    var day = graph
    day.inputs = graph.inputs.filter { $0.name == features } + graph.inputs.filter { $0.name != features }
    for index in day.inputs.indices {
      let rest = day.inputs[index].type.dimensions.dropFirst(3)
      day.inputs[index].type.dimensions = [.fixed(1), .fixed(1), .fixed(symbols)] + rest
    }
    for index in day.outputs.indices { day.outputs[index].type.dimensions = [.fixed(1), .fixed(1), .fixed(symbols)] }
    return try day.specialized([:])
  }
}

extension Graph {
  /// A day's graph that is given the columns which it picked, and which these are of `count`.
  ///
  /// - Throws: `GraphError` where what is left does not fit together.
  fileprivate func withoutPicking(columns count: Int) throws -> (day: Graph, columns: [Int]) {
    let (features, rank) = (inputs[0].name, inputs[0].type.rank)
    guard let index = nodes.firstIndex(where: { $0.inputs.first == features }), consumers(of: features).count == 1,
      nodes[index].operatorName == Gather.name, let axis = try? nodes[index].int("axis", default: 0), axis == rank - 1 || axis == -1,
      let picked = nodes[index].input(1).flatMap({ parameters[$0]?.storage.decoded() }), picked.elementType == .int64, picked.shape.rank == 1,
      !outputs.contains(where: { $0.name == nodes[index].outputs[0] })
    else { return (self, Array(0..<count)) }
    let columns = picked.values(as: Int64.self).map { Int($0 < 0 ? $0 + Int64(count) : $0) }
    var day = self
    let gather = day.nodes.remove(at: index)
    for place in day.nodes.indices { day.nodes[place].inputs = day.nodes[place].inputs.map { $0 == gather.outputs[0] ? features : $0 } }
    day.inputs[0].type.dimensions[rank - 1] = .fixed(columns.count)
    if !day.nodes.contains(where: { $0.inputs.contains(gather.inputs[1]) }) { day.parameters[gather.inputs[1]] = nil }
    return (day, columns)
  }
}

/// Follows the axis of steps through a graph of one step: whether anything but a scan mixes steps.
private struct StepsApart {
  private let graph: Graph
  private let shape: PanelInterface
  private let extents: [String: [Int]]
  private let operators: StepwiseOperators

  init(_ graph: Graph, _ shape: PanelInterface) throws {
    (self.graph, self.shape) = (graph, shape)
    extents = try graph.inferredTypes().mapValues { $0.dimensions.map { $0.fixedValue ?? 1 } }
    operators = StepwiseOperators(extents: extents, graph: graph)
  }

  private static let compared: Set<OperatorName> = ["Greater", "GreaterOrEqual", "Less", "LessOrEqual"]

  func check() throws {
    var axes = [shape.features: 1, shape.mask: 1]
    for node in graph.nodes where node.inputs.contains(where: { axes[$0] != nil }) {
      guard let axis = try axis(after: node, axes) else {
        throw InferenceError(
          "panel", subject: "node '\(node.name)' (\(node.operatorName))", expected: "an operator that treats each step by itself, or a scan",
          found: "one that mixes them or is not known to do so")
      }
      axes[node.outputs[0]] = axis
    }
    guard axes[shape.scores] == 1 else {
      throw InferenceError("panel", subject: "output '\(shape.scores)'", expected: "scores of every step", found: "others")
    }
  }

  private func rank(_ value: String) -> Int { extents[value]?.count ?? 0 }

  private func axis(after node: Node, _ axes: [String: Int]) throws -> Int? {
    let (name, rank) = (node.operatorName, rank(node.outputs[0]))
    let fromRight = Set(node.inputs.compactMap { value in axes[value].map { self.rank(value) - $0 } })
    guard let right = fromRight.first, fromRight.count == 1 || name == SelectiveScan.name else { return nil }
    if StepwiseOperators.elementwise.contains(name) || Self.compared.contains(name) {
      // What has no axis of steps has none in its place, or one of extent 1, which is for all of them.
      return rank - right
    }
    switch name {
    case SelectiveScan.name: return axes[node.inputs[0]] == 1 ? 1 : nil
    case "Concat":
      let along = try node.int("axis", default: 0)
      return (along < 0 ? along + rank : along) == rank - right ? nil : rank - right
    case "MatMul":
      // Products with one matrix for all steps, or of each step with its own.
      return right > 2 ? rank - right : right == 2 && axes[node.inputs[1]] == nil ? rank - 2 : nil
    default:
      guard let axis = axes[node.inputs[0]], node.inputs.dropFirst().allSatisfy({ axes[$0] == nil }) else { return nil }
      return try operators.axisKept(by: node, axis)
    }
  }
}
