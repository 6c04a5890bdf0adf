import PareGraph
import PareTensor

/// The extents of what networks over panels are fed: `features [batch, steps, symbols, inputs]`, oldest step first, and beside it
/// `mask [batch, steps, symbols]`, 1 where a symbol has a row at a step and 0 where it has none.
///
/// All of them yield `scores [batch, steps, symbols]`, of which a step's depend on that step and those before it. What an absent symbol's
/// features hold, not even NaN, reaches an output, and its own score is 0.
public struct PanelShape: Sendable, Hashable, Codable {
  /// Nil for any number.
  public var steps: Int?
  /// Nil for any number.
  public var symbols: Int?
  /// Features of a symbol at a step.
  public var inputs: Int

  public init(steps: Int? = nil, symbols: Int? = nil, inputs: Int) {
    (self.steps, self.symbols, self.inputs) = (steps, symbols, inputs)
  }

  func validate(_ settings: ArchitectureSettings) throws {
    if let steps { try settings.check("steps", steps, in: 1...65_536) }
    if let symbols { try settings.check("symbols", symbols, in: 1...65_536) }
    try settings.check("inputs", inputs, in: 1...65_536)
  }

  /// Extents that a network needs to know.
  ///
  /// - Throws: `graph.architecture` where they are open.
  func known(_ settings: ArchitectureSettings) throws -> (steps: Int, symbols: Int) {
    guard let steps, let symbols else {
      throw settings.error(steps == nil ? "steps" : "symbols", expected: "a number", found: "any")
    }
    return (steps, symbols)
  }
}

/// A network over panels: a value whose function builds its graph.
public protocol PanelNetwork: Sendable {
  /// The graph with freshly drawn weights.
  ///
  /// - Parameter seed: decides the weights; each layer draws from a stream of its own.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  func graph(seed: UInt64, name: String?) throws -> Graph
}

/// A graph over panels under construction.
struct PanelSketch {
  let shape: PanelShape
  let seed: UInt64
  /// The architecture, for the stream of draws.
  let architecture: String
  var builder: GraphBuilder

  /// 1 where a symbol is there, 0 where not: `[batch, steps, symbols]`.
  let presence = "presence"

  init(_ shape: PanelShape, seed: UInt64, architecture: String, name: String?) {
    (self.shape, self.seed, self.architecture) = (shape, seed, architecture)
    builder = GraphBuilder(name: name ?? architecture)
  }

  func draws(_ layer: String) -> InitialWeights { InitialWeights(seed: seed, stream: "\(architecture)/\(layer)") }

  /// Inputs, with zeros for absent symbols.
  ///
  /// - Returns: `[batch, steps, symbols, inputs]`.
  mutating func rows() throws -> String {
    let places: [Dimension] = ["batch", shape.steps.map(Dimension.fixed) ?? "steps", shape.symbols.map(Dimension.fixed) ?? "symbols"]
    let features = try builder.input("features", ValueType(.float32, places + [.fixed(shape.inputs)]))
    let mask = try builder.input("mask", ValueType(.float32, places))
    let half = try builder.constant(Tensor(scalar: Float(0.5)), named: "mask.half")
    let zero = try builder.constant(Tensor(scalar: Float(0)), named: "mask.zero")
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "mask.one")
    let isThere = try builder.apply("Greater", [mask, half], name: "present")
    _ = try builder.apply("Where", [isThere, one, zero], name: "mask.clean", output: presence)
    let column = try unsqueezed(isThere, axis: 3, name: "present.column")
    return try builder.apply("Where", [column, features, zero], name: "rows")
  }

  /// What keeps absent symbols out of sums over symbols: 0 or `absentBias`, `[batch, steps, symbols]`.
  mutating func absence() throws -> String {
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "absence.one")
    let scale = try builder.constant(Tensor(scalar: -absentBias), named: "absence.scale")
    return try builder.apply("Mul", [builder.apply("Sub", [presence, one], name: "absence.less"), scale], name: "absence")
  }

  /// A dense layer to `scores`, 0 for absent symbols: from `[batch, steps, symbols, width]`.
  mutating func score(_ value: String, width: Int) throws {
    try yield(scored(value, width: width))
  }

  /// That layer's numbers, `[batch, steps, symbols, 1]`.
  mutating func scored(_ value: String, width: Int) throws -> String {
    let weight = draws("score").glorot([width, 1], fanIn: width, fanOut: 1)
    return try builder.denseAlongLastAxis(value, weight: weight, name: "score")
  }

  /// `[batch, steps, symbols, 1]` as the graph's scores, 0 for absent symbols.
  mutating func yield(_ scores: String) throws {
    let axis = try builder.constant(Tensor([Int64(3)]), named: "score.axis")
    let flat = try builder.apply("Squeeze", [scores, axis], name: "score.flat")
    try builder.output(builder.apply("Mul", [flat, presence], name: "score.masked", output: "scores"))
  }

  /// A value with one more axis, of extent 1.
  mutating func unsqueezed(_ value: String, axis: Int, name: String) throws -> String {
    try builder.apply("Unsqueeze", [value, builder.constant(Tensor([Int64(axis)]), named: "\(name).axis")], name: name)
  }
}
