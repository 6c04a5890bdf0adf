import PareTensor

/// Long short-term memory over sequences.
///
/// With the activations f, g, h (sigmoid and twice tanh by default), at every step
///
///     i = f(Wi·x + Ri·h + Pi∘c + b)      o = f(Wo·x + Ro·h + Po∘c' + b)
///     k = f(Wf·x + Rf·h + Pf∘c + b)      q = g(Wc·x + Rc·h + b)
///     c' = k∘c + i∘q                      h' = o∘h(c')
///
/// where b are sums of two biases. With `input_forget` k = 1 − i. The arguments of f and g, not that of h, are clipped.
///
/// - Inputs: X `[steps, batch, features]`, W `[directions, 4·hidden, features]` and R `[directions, 4·hidden, hidden]`
///   with the gates in the order i, o, k, q, optionally B `[directions, 8·hidden]` (those by W, then those by R), sequence
///   lengths `[batch]` of int32, initial h and c `[directions, batch, hidden]`, P `[directions, 3·hidden]` (i, o, k).
/// - Outputs: Y `[steps, directions, batch, hidden]`; optionally the last h and c `[directions, batch, hidden]`. Beyond
///   its length a sequence's Y is 0; without a step so are its last states.
/// - With `layout` 1 the batch is the first axis of X, Y and states.
/// - Throws while running: `graph.length` for a length outside `0 ... steps`.
/// - Source: ONNX LSTM (Hochreiter and Schmidhuber 1997; Gers et al. 2000).
public enum LSTM: RecurrentOperator {
  typealias Cell = LSTMCell
  public static let name = LSTMCell.operatorName
  public static let outputCount = 1...3
}

/// An LSTM that also yields what its gradient reads: for each step the gates i, o, k, q and the cell,
/// `[directions, steps, batch, 5·hidden]`, whatever the layout; 0 beyond a sequence's length.
public enum TracedLSTM: RecurrentOperator {
  typealias Cell = LSTMCell
  public static let name = LSTMCell.tracedName
  public static let outputCount = 1...4
}

/// The gradient of an LSTM. See `RecurrentGradientOperator` for inputs and outputs.
public enum LSTMGradient: RecurrentGradientOperator {
  typealias Cell = LSTMCell
  public static let name = LSTMCell.gradientName
}

struct LSTMCell: RecurrentCell {
  static let layerName = "LSTM"
  static let gateCount = 4
  static let stateCount = 2
  static let isTraced = true
  static let ownAttributeNames = ["input_forget"]
  static let standardActivations: [RecurrentActivation.Function] = [.sigmoid, .tanh, .tanh]
  static let inputNames = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]

  static func traceCount(of node: Node) throws -> Int { 5 }

  private let f: RecurrentGate
  private let g: RecurrentGate
  private let h: RecurrentActivation
  private let couplesGates: Bool

  init(_ node: Node, activations: [RecurrentActivation], limit: Double) throws {
    f = RecurrentGate(activation: activations[0], limit: limit)
    g = RecurrentGate(activation: activations[1], limit: limit)
    h = activations[2]
    couplesGates = try node.int("input_forget", default: 0) != 0
  }

  var plainGateCount: Int { 4 }

  func step<Scalar: FloatingPointElement>(_ step: RecurrentStep<Scalar>) {
    let n = step.hidden
    for u in 0..<n {
      func argument(_ gate: Int) -> Scalar { step.byInput[gate * n + u] + step.byState[gate * n + u] }
      func peephole(_ index: Int, _ c: Scalar) -> Scalar { step.parameters.p.map { $0[index * n + u] * c } ?? 0 }
      let before = step.c[u]
      let i = f(argument(0) + peephole(0, before))
      let k = couplesGates ? 1 - i : f(argument(2) + peephole(2, before))
      let q = g(argument(3))
      let c = k * before + i * q
      let o = f(argument(1) + peephole(1, c))
      step.c[u] = c
      step.next[u] = o * h(c)
      step.trace[u] = i
      step.trace[n + u] = o
      step.trace[2 * n + u] = k
      step.trace[3 * n + u] = q
      step.trace[4 * n + u] = c
    }
  }

  func gradient<Scalar: FloatingPointElement>(_ step: RecurrentStepGradient<Scalar>) {
    let n = step.hidden
    let p = step.parameters.p
    for u in 0..<n {
      let (i, o, k) = (step.trace[u], step.trace[n + u], step.trace[2 * n + u])
      let (q, c, before) = (step.trace[3 * n + u], step.trace[4 * n + u], step.c[u])
      let value = h(c)
      let dh = step.dh[u]
      let byO = dh * value * f.slope(atValue: o)
      var dc = step.dc[u] + dh * o * h.slope(atValue: value)
      if let p { dc += byO * p[n + u] }
      var di = dc * q
      var byK: Scalar = 0
      if couplesGates { di -= dc * before } else { byK = dc * before * f.slope(atValue: k) }
      let byI = di * f.slope(atValue: i)
      let byQ = dc * i * g.slope(atValue: q)
      var dBefore = dc * k
      if let p { dBefore += byI * p[u] + byK * p[2 * n + u] }
      step.dc[u] = dBefore
      step.dh[u] = 0
      func set(_ gate: Int, _ gradient: Scalar) {
        step.byInput[gate * n + u] = gradient
        step.byState[gate * n + u] = gradient
      }
      set(0, byI)
      set(1, byO)
      set(2, byK)
      set(3, byQ)
      if let dp = step.dp {
        dp[u] += byI * before
        dp[n + u] += byO * c
        dp[2 * n + u] += byK * before
      }
    }
  }
}
