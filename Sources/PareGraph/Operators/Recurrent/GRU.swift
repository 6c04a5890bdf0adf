import PareTensor

/// Gated recurrent units over sequences.
///
/// With the activations f, g (sigmoid and tanh by default), at every step
///
///     z = f(Wz·x + Rz·h + b)      r = f(Wr·x + Rr·h + b)
///     n = g(Wh·x + Rh·(r∘h) + b)                          by default
///     n = g(Wh·x + Wb + r∘(Rh·h + Rb))                    with linear_before_reset
///     h' = (1 − z)∘n + z∘h
///
/// where b are sums of two biases. The arguments of f and g are clipped.
///
/// - Inputs: X `[steps, batch, features]`, W `[directions, 3·hidden, features]` and R `[directions, 3·hidden, hidden]`
///   with the gates in the order z, r, n, optionally B `[directions, 6·hidden]` (those by W, then those by R), sequence
///   lengths `[batch]` of int32, initial h `[directions, batch, hidden]`.
/// - Outputs: Y `[steps, directions, batch, hidden]`, optionally the last h `[directions, batch, hidden]`. Beyond its
///   length a sequence's Y is 0; without a step so is its last h.
/// - With `layout` 1 the batch is the first axis of X, Y and states.
/// - Throws while running: `graph.length` for a length outside `0 ... steps`.
/// - Source: ONNX GRU (Cho et al. 2014, arXiv:1406.1078).
public enum GRU: RecurrentOperator {
  typealias Cell = GRUCell
  public static let name = GRUCell.operatorName
  public static let outputCount = 1...2
}

/// A GRU that also yields what its gradient reads: for each step z, r, n and, with `linear_before_reset`, Rh·h + Rb;
/// `[directions, steps, batch, 3·hidden or 4·hidden]` whatever the layout; 0 beyond a sequence's length.
public enum TracedGRU: RecurrentOperator {
  typealias Cell = GRUCell
  public static let name = GRUCell.tracedName
  public static let outputCount = 1...3
}

/// The gradient of a GRU. See `RecurrentGradientOperator` for inputs and outputs.
public enum GRUGradient: RecurrentGradientOperator {
  typealias Cell = GRUCell
  public static let name = GRUCell.gradientName
}

struct GRUCell: RecurrentCell {
  static let layerName = "GRU"
  static let gateCount = 3
  static let stateCount = 1
  static let isTraced = true
  static let ownAttributeNames = ["linear_before_reset"]
  static let standardActivations: [RecurrentActivation.Function] = [.sigmoid, .tanh]
  static let inputNames = ["X", "W", "R", "B", "sequence_lens", "initial_h"]

  static func traceCount(of node: Node) throws -> Int { try node.int("linear_before_reset", default: 0) != 0 ? 4 : 3 }

  private let f: RecurrentGate
  private let g: RecurrentGate
  private let isLinearBeforeReset: Bool

  init(_ node: Node, activations: [RecurrentActivation], limit: Double) throws {
    f = RecurrentGate(activation: activations[0], limit: limit)
    g = RecurrentGate(activation: activations[1], limit: limit)
    isLinearBeforeReset = try node.int("linear_before_reset", default: 0) != 0
  }

  var plainGateCount: Int { isLinearBeforeReset ? 3 : 2 }

  func step<Scalar: FloatingPointElement>(_ step: RecurrentStep<Scalar>) {
    let n = step.hidden
    func argument(_ gate: Int, _ unit: Int) -> Scalar { step.byInput[gate * n + unit] + step.byState[gate * n + unit] }
    for u in 0..<n {
      step.trace[u] = f(argument(0, u))
      step.trace[n + u] = f(argument(1, u))
    }
    if isLinearBeforeReset {
      for u in 0..<n {
        let linear = step.byState[2 * n + u]
        step.trace[3 * n + u] = linear
        step.trace[2 * n + u] = g(step.byInput[2 * n + u] + step.trace[n + u] * linear)
      }
    } else {
      for u in 0..<n { step.next[u] = step.trace[n + u] * step.h[u] }
      RecurrentProduct.multiply(
        step.parameters.r + 2 * n * n, UnsafePointer(step.next), plus: step.parameters.b.map { $0 + 5 * n }, rows: n,
        columns: n, into: step.byState + 2 * n)
      for u in 0..<n { step.trace[2 * n + u] = g(argument(2, u)) }
    }
    for u in 0..<n {
      let z = step.trace[u]
      step.next[u] = (1 - z) * step.trace[2 * n + u] + z * step.h[u]
    }
  }

  func gradient<Scalar: FloatingPointElement>(_ step: RecurrentStepGradient<Scalar>) {
    let n = step.hidden
    for u in 0..<n {
      let (z, r, value) = (step.trace[u], step.trace[n + u], step.trace[2 * n + u])
      let dh = step.dh[u]
      let byZ = dh * (step.h[u] - value) * f.slope(atValue: z)
      let byN = dh * (1 - z) * g.slope(atValue: value)
      step.dh[u] = dh * z
      step.byInput[u] = byZ
      step.byState[u] = byZ
      step.byInput[2 * n + u] = byN
      if isLinearBeforeReset {
        step.byState[2 * n + u] = byN * r
        let byR = byN * step.trace[3 * n + u] * f.slope(atValue: r)
        step.byInput[n + u] = byR
        step.byState[n + u] = byR
      } else {
        step.byState[2 * n + u] = byN
        step.byState[n + u] = 0
      }
    }
    guard !isLinearBeforeReset else { return }
    // The gradient by r∘h, where that by Rr·h belongs for the moment.
    let byReset = step.byState + n
    RecurrentProduct.multiplyTransposed(
      step.parameters.r + 2 * n * n, step.byState + 2 * n, rows: n, columns: n, addingTo: byReset)
    if let dr = step.dr.map({ $0 + 2 * n * n }) {
      for row in 0..<n {
        let byN = step.byState[2 * n + row]
        for u in 0..<n { dr[row * n + u] += byN * (step.trace[n + u] * step.h[u]) }
      }
    }
    for u in 0..<n {
      let r = step.trace[n + u]
      let product = byReset[u]
      step.dh[u] += product * r
      let byR = product * step.h[u] * f.slope(atValue: r)
      step.byInput[n + u] = byR
      step.byState[n + u] = byR
    }
  }
}
