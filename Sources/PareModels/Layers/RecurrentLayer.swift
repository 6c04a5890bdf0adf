import PareGraph
import PareTensor

/// An LSTM or GRU node `recurrent_<index>`, its weights uniform on `±√(1 / units)`; an LSTM's forget gate begins with a bias
/// of 1 (Jozefowicz, Zaremba and Sutskever 2015), all other biases with 0.
struct RecurrentLayer {
  let cell: RecurrentNetwork.Cell
  let inputs: Int
  let units: Int
  let seed: UInt64
  /// The architecture, for the stream of draws.
  let architecture: String
  let index: Int

  /// What a layer yields, with ONNX's axis of directions in it.
  struct Outputs {
    /// `[steps, 1, rows, units]`.
    let states: String
    /// `[1, rows, units]`.
    let state: String
  }

  private var name: String { "recurrent_\(index)" }

  /// - Parameter input: `[steps, rows, inputs]`.
  func append(_ input: String, to builder: inout GraphBuilder) throws -> Outputs {
    let rows = cell.gates * units
    let limit = (1 / Double(units)).squareRoot()
    let draws = InitialWeights(seed: seed, stream: "\(architecture)/\(name)")
    let weights = try builder.parameter("\(name).weight", draws.uniform([1, rows, inputs], limit: limit), isTrainable: true)
    let recurrences = InitialWeights(seed: seed, stream: "\(architecture)/\(name).recurrence")
    let recurrence = try builder.parameter(
      "\(name).recurrence", recurrences.uniform([1, rows, units], limit: limit), isTrainable: true)
    var biases = [Float](repeating: 0, count: 2 * rows)
    // Gates come as input, output, forget, cell.
    if cell == .lstm { for unit in 0..<units { biases[2 * units + unit] = 1 } }
    let bias = try builder.parameter("\(name).bias", Tensor(biases, shape: [1, 2 * rows]), isTrainable: true)
    var attributes: [String: Attribute] = ["hidden_size": .int(units)]
    if cell == .gru { attributes["linear_before_reset"] = .int(1) }
    let outputs = Outputs(states: "\(name).states", state: "\(name).state")
    try builder.append(
      Node(
        cell == .lstm ? "LSTM" : "GRU", name: name, inputs: [input, weights, recurrence, bias],
        outputs: [outputs.states, outputs.state], attributes: attributes))
    return outputs
  }

  /// The states of all steps `[steps, rows, units]`.
  func states(_ outputs: Outputs, _ builder: inout GraphBuilder) throws -> String {
    try squeezed(outputs.states, axis: 1, &builder)
  }

  /// The last state `[rows, units]`.
  func last(_ outputs: Outputs, _ builder: inout GraphBuilder) throws -> String {
    try squeezed(outputs.state, axis: 0, &builder)
  }

  /// The layer's node and value `<name>.squeeze`, or another name where that is taken.
  private func squeezed(_ value: String, axis: Int64, _ builder: inout GraphBuilder) throws -> String {
    let axes = try builder.constant(Tensor([axis]), named: "\(name).direction")
    return try builder.apply("Squeeze", [value, axes], name: builder.freshNodeName("\(name).squeeze"))
  }
}
