import PareGraph
import PareTensor

/// What the graph networks over a cross-section of symbols have in common: the shape of a row, who sees whom, and what
/// becomes of symbols that are absent.
///
/// A row is `[symbols, inputs]` or, with `steps`, `[symbols, steps, inputs]`. Beside it stands an input
/// `mask [batch, symbols]`, 1 where the symbol is there and 0 where it is not: nothing that an absent symbol's features
/// hold, not even NaN, reaches any output, and its own logits are 0.
public struct CrossSection: Sendable, Hashable, Codable {
  public var symbols: Int
  /// Candles of each symbol's window; nil where a symbol has one row of features.
  public var steps: Int?
  /// Features of a symbol, or of one of its candles.
  public var inputs: Int
  /// Classes.
  public var outputs: Int
  public var edges: SymbolEdges
  /// What reads the steps, where there are any.
  public var sequence: SymbolSequence

  public init(
    symbols: Int, steps: Int? = nil, inputs: Int, outputs: Int, edges: SymbolEdges = .complete,
    sequence: SymbolSequence = .gru(units: 32)
  ) {
    self.symbols = symbols
    self.steps = steps
    self.inputs = inputs
    self.outputs = outputs
    self.edges = edges
    self.sequence = sequence
  }

  /// Numbers of a symbol before it sees others: its features or what is left of its steps, and its vector where edges are learned.
  var width: Int { (steps == nil ? inputs : sequence.width) + (edges.dimensions ?? 0) }

  /// Of the sequence's layers and the symbols' vectors.
  var parameterCount: Int {
    (steps == nil ? 0 : sequence.parameterCount(inputs: inputs)) + symbols * (edges.dimensions ?? 0)
  }

  /// Of the matrices that make scores of the symbols' vectors, in layers of so many heads.
  func edgeParameterCount(layers: Int, heads: Int) -> Int {
    edges.dimensions.map { 2 * layers * heads * $0 * $0 } ?? 0
  }

  func validate(_ settings: ArchitectureSettings) throws {
    try settings.check("symbols", symbols, in: 1...4096)
    if let steps {
      try settings.check("steps", steps, in: 1...65_536)
      try sequence.validate(settings)
    }
    try settings.check("inputs", inputs, in: 1...65_536)
    try settings.check("outputs", outputs, in: 1...65_536)
    switch edges {
    case .complete: break
    case .given(let adjacency): try adjacency.validate(symbols: symbols, settings)
    case .learned(let dimensions): try settings.check("embedding", dimensions, in: 1...1024)
    }
  }
}

/// A graph of a cross-section under construction.
struct CrossSectionSketch {
  let section: CrossSection
  let seed: UInt64
  /// The architecture, for the stream of draws.
  let architecture: String
  var builder: GraphBuilder
  private let mask: String

  init(_ section: CrossSection, seed: UInt64, architecture: String, name: String, mask: String) {
    self.section = section
    self.seed = seed
    self.architecture = architecture
    self.mask = mask
    builder = GraphBuilder(name: name)
  }

  func draws(_ layer: String) -> InitialWeights { InitialWeights(seed: seed, stream: "\(architecture)/\(layer)") }

  /// Inputs, normalizer, zeros for absent symbols, the layers over steps, and the symbols' vectors where edges are learned.
  ///
  /// - Returns: `[batch, symbols, width]`.
  mutating func symbols(input: String, normalizer: Normalizer?) throws -> String {
    let extents = [section.symbols] + (section.steps.map { [$0] } ?? []) + [section.inputs]
    var value = try builder.input(input, ValueType(.float32, ["batch"] + extents.map(Dimension.fixed)))
    _ = try builder.input(mask, ValueType(.float32, ["batch", .fixed(section.symbols)]))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    let half = try builder.constant(Tensor(scalar: Float(0.5)), named: "mask.half")
    let zero = try builder.constant(Tensor(scalar: Float(0)), named: "mask.zero")
    let ones = [Int](repeating: 1, count: extents.count - 1)
    let places = try builder.reshape(mask, [0, section.symbols] + ones, name: "mask.places")
    let presence = try builder.apply("Greater", [places, half], name: "present")
    value = try builder.apply("Where", [presence, value, zero], name: "rows")
    if let steps = section.steps {
      value = try section.sequence.append(
        value, symbols: section.symbols, steps: steps, inputs: section.inputs, seed: seed, architecture: architecture,
        to: &builder)
    }
    guard let dimensions = section.edges.dimensions else { return value }
    let limit = (3 / Double(dimensions).squareRoot()).squareRoot()
    let vectors = try builder.parameter(
      "embedding", draws("embedding").uniform([section.symbols, dimensions], limit: limit), isTrainable: true)
    let present = try builder.reshape(mask, [0, section.symbols, 1], name: "mask.vectors")
    let known = try builder.apply("Mul", [present, vectors], name: "embedding.present")
    return try builder.apply("Concat", [value, known], attributes: ["axis": .int(-1)], name: "known")
  }

  /// What keeps absent symbols out of every sum: `[batch, 1, 1, symbols]`, 0 or `absentBias`.
  mutating func absence() throws -> String {
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "mask.one")
    let scale = try builder.constant(Tensor(scalar: -absentBias), named: "mask.scale")
    let keys = try builder.reshape(mask, [0, 1, 1, section.symbols], name: "mask.keys")
    return try builder.apply("Mul", [builder.apply("Sub", [keys, one], name: "mask.less"), scale], name: "absence")
  }

  /// What the symbols' vectors add to the scores of a layer, by head, the symbol that looks and the one that is seen:
  /// `(v_i · Q) · (v_j · K) / √dimensions`, `[heads, symbols, symbols]`.
  mutating func learnedEdges(layer: Int, heads: Int, dimensions: Int) throws -> String {
    let name = "edges_\(layer)"
    func side(_ part: String, _ order: [Int]) throws -> String {
      let side = "\(name).\(part)"
      let weight = draws(side).glorot([dimensions, heads * dimensions], fanIn: dimensions, fanOut: dimensions)
      let product = try builder.apply(
        "MatMul", ["embedding", builder.parameter("\(side).weight", weight, isTrainable: true)], name: side)
      let apart = try builder.reshape(product, [section.symbols, heads, dimensions], name: "\(side).heads")
      return try builder.apply("Transpose", [apart], attributes: ["perm": .ints(order)], name: "\(side).turned")
    }
    let agreement = try builder.apply("MatMul", [side("query", [1, 0, 2]), side("key", [1, 2, 0])], name: "\(name).agreement")
    let root = try builder.constant(Tensor(scalar: Float(dimensions).squareRoot()), named: "\(name).root")
    return try builder.apply("Div", [agreement, root], name: name)
  }

  /// A dense layer to the logits, which are 0 for absent symbols, and what follows from them.
  mutating func classify(_ value: String, width: Int, thresholds: DecisionThresholds?) throws {
    let weight = draws("dense_0").glorot([width, section.outputs], fanIn: width, fanOut: section.outputs)
    let all = try builder.denseAlongLastAxis(value, weight: weight, name: "dense_0")
    let places = try builder.reshape(mask, [0, section.symbols, 1], name: "mask.logits")
    let logits = try builder.apply("Mul", [all, places], name: "masked", output: "logits")
    try builder.classify(logits, thresholds: thresholds)
  }
}
