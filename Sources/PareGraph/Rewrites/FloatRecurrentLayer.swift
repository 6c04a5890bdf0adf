import PareTensor

/// A Float32 LSTM or GRU node with its constants, of the kind that has kernels and an integer form.
package struct FloatRecurrentLayer: Sendable {
  package let node: Node
  package let isLSTM: Bool
  /// `[directions, gates · hidden, features]`.
  package let w: Tensor
  /// `[directions, gates · hidden, hidden]`.
  package let r: Tensor
  private let b: Tensor?
  /// Of a GRU, `linear_before_reset` 0: the state is reset before its product with R's rows of the gate h.
  package let resetsFirst: Bool
  package var gateCount: Int { isLSTM ? 4 : 3 }

  /// - Throws: `graph.not-quantizable` for another kind of node.
  package init(_ node: Node, _ graph: Graph) throws {
    func refuse(_ found: String) -> GraphError {
      GraphError("not-quantizable", node: node, expected: "an LSTM or GRU with an integer form", found: found)
    }
    self.node = node
    isLSTM = node.operatorName == "LSTM"
    guard isLSTM || node.operatorName == "GRU" else { throw refuse("\(node.operatorName)") }
    let unknown: [String] = ["activations", "activation_alpha", "activation_beta", "clip"]
    let standard = isLSTM ? ["Sigmoid", "Tanh", "Tanh"] : ["Sigmoid", "Tanh"]
    if case .strings(let names)? = node.attributes["activations"] {
      guard names.enumerated().allSatisfy({ $1 == standard[$0 % standard.count] }) else { throw refuse("other activations") }
    }
    if let attribute = unknown.dropFirst().first(where: { node.attributes[$0] != nil }) { throw refuse(attribute) }
    guard try node.int("layout", default: 0) == 0 else { throw refuse("layout 1") }
    guard try node.int("input_forget", default: 0) == 0 else { throw refuse("input_forget") }
    resetsFirst = try !isLSTM && node.int("linear_before_reset", default: 0) == 0
    guard node.input(RecurrentInput.lengths) == nil else { throw refuse("sequence lengths") }
    guard !isLSTM || node.input(RecurrentInput.peepholes) == nil else { throw refuse("peepholes") }
    func parameter(_ index: Int) throws -> Tensor? {
      guard let name = node.input(index) else { return nil }
      guard let tensor = graph.parameters[name]?.storage.decoded(), tensor.elementType == .float32 else {
        throw refuse("'\(name)', which is no float32 parameter")
      }
      return tensor
    }
    guard let w = try parameter(RecurrentInput.w), let r = try parameter(RecurrentInput.r) else { throw refuse("no weights") }
    (self.w, self.r, b) = (w, r, try parameter(RecurrentInput.b))
  }

  /// The biases by X take in those by h, but for the hidden gate of a GRU that resets after the product.
  package func summedBiases() -> (input: [Float], state: [Float]) {
    let (directions, rows) = (w.shape[0], w.shape[1])
    let values = b?.values(as: Float.self) ?? [Float](repeating: 0, count: 2 * directions * rows)
    var result = (input: [Float](), state: [Float]())
    for direction in 0..<directions {
      for row in 0..<rows {
        let (input, state) = (values[2 * direction * rows + row], values[(2 * direction + 1) * rows + row])
        let isApart = !isLSTM && !resetsFirst && row >= 2 * rows / 3
        result.input.append(isApart ? input : input + state)
        result.state.append(isApart ? state : 0)
      }
    }
    return result
  }
}
