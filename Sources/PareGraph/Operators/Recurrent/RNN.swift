import PareTensor

/// A plain recurrent layer over sequences: `h' = f(W·x + R·h + Wb + Rb)`, f being tanh by default, its argument clipped.
///
/// - Inputs: X `[steps, batch, features]`, W `[directions, hidden, features]`, R `[directions, hidden, hidden]`,
///   optionally B `[directions, 2·hidden]`, sequence lengths `[batch]` of int32, initial h `[directions, batch, hidden]`.
/// - Outputs: Y `[steps, directions, batch, hidden]`, optionally the last h `[directions, batch, hidden]`. Beyond its
///   length a sequence's Y is 0; without a step so is its last h.
/// - With `layout` 1 the batch is the first axis of X, Y and states.
/// - Throws while running: `graph.length` for a length outside `0 ... steps`.
/// - Source: ONNX RNN (Elman 1990).
public enum RNN: RecurrentOperator {
  typealias Cell = RNNCell
  public static let name = RNNCell.operatorName
  public static let outputCount = 1...2
}

/// The gradient of an RNN. Its outputs are all that it needs, so that there is no traced form. See
/// `RecurrentGradientOperator` for inputs and outputs.
public enum RNNGradient: RecurrentGradientOperator {
  typealias Cell = RNNCell
  public static let name = RNNCell.gradientName
}

struct RNNCell: RecurrentCell {
  static let layerName = "RNN"
  static let gateCount = 1
  static let stateCount = 1
  static let isTraced = false
  static let ownAttributeNames: [String] = []
  static let standardActivations: [RecurrentActivation.Function] = [.tanh]
  static let inputNames = ["X", "W", "R", "B", "sequence_lens", "initial_h"]

  static func traceCount(of node: Node) throws -> Int { 0 }

  private let f: RecurrentGate

  init(_ node: Node, activations: [RecurrentActivation], limit: Double) throws {
    f = RecurrentGate(activation: activations[0], limit: limit)
  }

  var plainGateCount: Int { 1 }

  func step<Scalar: FloatingPointElement>(_ step: RecurrentStep<Scalar>) {
    for u in 0..<step.hidden { step.next[u] = f(step.byInput[u] + step.byState[u]) }
  }

  func gradient<Scalar: FloatingPointElement>(_ step: RecurrentStepGradient<Scalar>) {
    for u in 0..<step.hidden {
      let gradient = step.dh[u] * f.slope(atValue: step.y[u])
      step.byInput[u] = gradient
      step.byState[u] = gradient
      step.dh[u] = 0
    }
  }
}
