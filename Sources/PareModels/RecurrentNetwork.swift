import PareGraph
import PareTensor

/// A recurrent network over the candles of a window, oldest first: a dense layer reads the last state.
///
/// Its graph takes `features [batch, steps, inputs]` to `logits [batch, outputs]` and `probabilities`. Layers are LSTM or GRU
/// nodes `recurrent_0`, `recurrent_1`, … with ONNX's order of gates; a GRU resets behind its product (`linear_before_reset`).
public struct RecurrentNetwork: Sendable, Hashable, Codable {
  public enum Cell: String, Sendable, Hashable, Codable, CaseIterable {
    case lstm, gru

    fileprivate var gates: Int { self == .lstm ? 4 : 3 }
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

  public init(_ cell: Cell, steps: Int, inputs: Int, hidden: [Int], outputs: Int) {
    self.cell = cell
    self.steps = steps
    self.inputs = inputs
    self.hidden = hidden
    self.outputs = outputs
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
    for (index, (fanIn, units)) in zip([inputs] + hidden, hidden).enumerated() {
      value = try layer(index, on: value, inputs: fanIn, units: units, isLast: index == hidden.count - 1, seed: seed, &builder)
    }
    let width = hidden[hidden.count - 1]
    let weight = InitialWeights(seed: seed, stream: "\(cell.rawValue)/dense_0")
      .uniform([outputs, width], limit: (6 / Double(width + outputs)).squareRoot())
    value = try builder.dense(value, weight: weight, layer: 0, output: "logits")
    try builder.classify(value, thresholds: thresholds)
    return builder.graph
  }

  /// - Returns: the states of all steps `[steps, batch, units]`, of the last layer only the last `[batch, units]`.
  private func layer(
    _ index: Int, on value: String, inputs: Int, units: Int, isLast: Bool, seed: UInt64, _ builder: inout GraphBuilder
  ) throws -> String {
    let (name, rows) = ("recurrent_\(index)", cell.gates * units)
    let limit = (1 / Double(units)).squareRoot()
    let draws = InitialWeights(seed: seed, stream: "\(cell.rawValue)/\(name)")
    let weights = try builder.parameter("\(name).weight", draws.uniform([1, rows, inputs], limit: limit), isTrainable: true)
    let recurrences = InitialWeights(seed: seed, stream: "\(cell.rawValue)/\(name).recurrence")
    let recurrence = try builder.parameter(
      "\(name).recurrence", recurrences.uniform([1, rows, units], limit: limit), isTrainable: true)
    var biases = [Float](repeating: 0, count: 2 * rows)
    // Gates come as input, output, forget, cell.
    if cell == .lstm { for unit in 0..<units { biases[2 * units + unit] = 1 } }
    let bias = try builder.parameter("\(name).bias", Tensor(biases, shape: [1, 2 * rows]), isTrainable: true)
    var attributes: [String: Attribute] = ["hidden_size": .int(units)]
    if cell == .gru { attributes["linear_before_reset"] = .int(1) }
    let outputs = ["\(name).states", "\(name).state"]
    try builder.append(
      Node(cell == .lstm ? "LSTM" : "GRU", name: name, inputs: [value, weights, recurrence, bias], outputs: outputs, attributes: attributes))
    let axis = try builder.constant(Tensor([Int64(isLast ? 0 : 1)]), named: "\(name).direction")
    return try builder.apply("Squeeze", [outputs[isLast ? 1 : 0], axis], name: "\(name).squeeze")
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
