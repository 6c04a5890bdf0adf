import PareGraph
import PareTensor

/// A recurrent network over the candles of a window, oldest first: a dense layer reads the last state and, with attention,
/// beside it a sum of all states weighed by how they answer the last, `softmax(h_T W Hᵀ / √units) · H`.
///
/// Its graph takes `features [batch, steps, inputs]` to `logits [batch, outputs]` and `probabilities`. Layers are LSTM or GRU
/// nodes `recurrent_0`, `recurrent_1`, … with ONNX's order of gates; a GRU resets behind its product
/// (`linear_before_reset`). The weights of the states are the value `attention.weights [batch, 1, steps]`.
///
/// - Source of the attention: Luong, Pham and Manning 2015, arXiv:1508.04025, §3.1, with their general score, scaled as by
///   Vaswani et al. 2017, arXiv:1706.03762.
public struct RecurrentNetwork: Sendable, Hashable, Codable {
  public enum Cell: String, Sendable, Hashable, Codable, CaseIterable {
    case lstm, gru

    var gates: Int { self == .lstm ? 4 : 3 }
  }

  public var cell: Cell
  /// Candles of a window.
  public var steps: Int
  /// Features of a candle.
  public var inputs: Int
  /// Units of each layer.
  public var hidden: [Int]
  /// Classes.
  public var outputs: Int
  /// Whether the dense layer reads more than the last state.
  public var hasAttention: Bool

  public init(_ cell: Cell, steps: Int, inputs: Int, hidden: [Int], outputs: Int, hasAttention: Bool = false) {
    self.cell = cell
    self.steps = steps
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
    self.hasAttention = hasAttention
  }

  /// Weights and biases: for each layer gates times `units · (in + units + 2)`, the attention's `units²`, the dense layer's.
  public var parameterCount: Int {
    let layers = zip([inputs] + hidden, hidden).reduce(0) { $0 + cell.gates * $1.1 * ($1.0 + $1.1 + 2) }
    let units = hidden.last ?? inputs
    return layers + (hasAttention ? units * units : 0) + ((hasAttention ? 2 : 1) * units + 1) * outputs
  }

  /// The graph with freshly drawn weights: uniform on `±√(1 / units)`; an LSTM's forget gate begins with a bias of 1
  /// (Jozefowicz, Zaremba and Sutskever 2015), all other biases with 0.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input: the name of the input.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String? = nil, input: String = "features", normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var builder = GraphBuilder(name: name ?? cell.rawValue)
    var value = try builder.input(input, ValueType(.float32, ["batch", .fixed(steps), .fixed(inputs)]))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2])], name: "steps")
    let stream = cell.rawValue
    var states = value
    for (index, (fanIn, units)) in zip([inputs] + hidden, hidden).enumerated() {
      let layer = RecurrentLayer(cell: cell, inputs: fanIn, units: units, seed: seed, architecture: stream, index: index)
      let outputs = try layer.append(states, to: &builder)
      let isLast = index == hidden.count - 1
      if isLast { value = try layer.last(outputs, &builder) }
      if !isLast || hasAttention { states = try layer.states(outputs, &builder) }
    }
    var width = hidden[hidden.count - 1]
    if hasAttention {
      let attended = try attention(over: states, from: value, units: width, seed: seed, &builder)
      value = try builder.apply("Concat", [value, attended], attributes: ["axis": .int(-1)], name: "attention.joined")
      width *= 2
    }
    value = try builder.logits(value, width: width, outputs: outputs, seed: seed, architecture: stream)
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  /// - Parameters:
  ///   - states: `[steps, batch, units]`.
  ///   - last: `[batch, units]`.
  /// - Returns: `[batch, units]`.
  private func attention(
    over states: String, from last: String, units: Int, seed: UInt64, _ builder: inout GraphBuilder
  ) throws -> String {
    let draws = InitialWeights(seed: seed, stream: "\(cell.rawValue)/attention.query")
    let weight = try builder.parameter(
      "attention.query.weight", draws.glorot([units, units], fanIn: units, fanOut: units), isTrainable: true)
    var query = try builder.apply("MatMul", [last, weight], name: "attention.query")
    query = try builder.reshape(query, [0, 1, units], name: "attention.query.row")
    let keys = try builder.apply("Transpose", [states], attributes: ["perm": .ints([1, 2, 0])], name: "attention.keys")
    let values = try builder.apply("Transpose", [states], attributes: ["perm": .ints([1, 0, 2])], name: "attention.values")
    let root = try builder.constant(Tensor(scalar: Float(units).squareRoot()), named: "attention.root")
    let product = try builder.apply("MatMul", [query, keys], name: "attention.product")
    let scores = try builder.apply("Div", [product, root], name: "attention.scores")
    let weights = try builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "attention.weights")
    let sum = try builder.apply("MatMul", [weights, values], name: "attention.sum")
    return try builder.reshape(sum, [0, units], name: "attention.row")
  }

  private func validate() throws {
    let settings = ArchitectureSettings(cell.rawValue)
    try settings.check("steps", steps, in: 1...65_536)
    try settings.check("inputs", inputs, in: 1...65_536)
    try settings.check("outputs", outputs, in: 1...65_536)
    try settings.check("layers", hidden.count, in: 1...64)
    for units in hidden { try settings.check("hidden", units, in: 1...8192) }
  }
}
