import PareTensor

/// A selective state-space recurrence along time, each channel by itself with `states` numbers:
/// ```
/// hₜ[s, c] = exp(Δₜ[c] · A[s, c]) · hₜ₋₁[s, c] + Δₜ[c] · Bₜ[s] · Xₜ[c]
/// Yₜ[c]    = Σₛ Cₜ[s] · hₜ[s, c] + D[c] · Xₜ[c]
/// ```
/// `A` below zero lets a state fade; `Δ`, `B` and `C` may depend on the data. Work grows linearly with steps and channels, and a step
/// needs the state alone: the last state of one call is the first of the next.
///
/// Between steps and channels may stand further axes, as the symbols of a cross-section; each place along them is a recurrence of its own.
///
/// - Inputs: X `[batch, steps, …, channels]`, Δ as X, A `[states, channels]`, B and C `[batch, steps, …, states]`, optionally D
///   `[channels]` (0) and the state before the first step `[batch, …, states, channels]` (0).
/// - Outputs: Y as X, optionally the last state `[batch, …, states, channels]`.
/// - Attribute `state_scale`: what a unit of the state stands for where the scan is on integers (`pare.QuantizedSelectiveScan`, as which a
///   scan of dequantized X, B and C runs then); states in floating point are not rounded to it. 0, by default, for none.
/// - Source: Gu and Dao 2023, arXiv:2312.00752, eq. 2 and algorithm 2, with A held over a step exactly and B by Euler's rule.
public enum SelectiveScan: FloatingPointOperator {
  public static let name = OperatorName("SelectiveScan", domain: "pare")
  public static let inputCount = 5...7
  public static let outputCount = 1...2
  public static let weightInputs: Set<Int> = [2, 5]
  public static let attributeNames = ["state_scale"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let operands = try ScanOperands(context, first: 0)
    return [operands.x, operands.state]
  }

  static func evaluation<Scalar: FloatingPointElement>(_ context: PreparationContext, _: Scalar.Type) throws -> Evaluation {
    let extents = try ScanExtents(context, first: 0)
    let (hasD, hasState, hasLast) = (context.has(5), context.has(6), context.outputs.count > 1)
    return { buffers in
      let scan = ScanInputs<Scalar>(buffers, first: 0, hasD: hasD, hasState: hasState)
      let y = buffers.output(0, as: Scalar.self)
      let last = hasLast ? buffers.output(1, as: Scalar.self) : nil
      extents.forEachState { number in
        var h = scan.state?[number.place] ?? 0
        for step in 0..<extents.steps {
          let row = extents.row(number, step)
          let (at, column) = (row * extents.channels + number.channel, row * extents.states + number.state)
          let (x, delta) = (scan.x[at], scan.delta[at])
          h = Scalar.exp(delta * scan.a[number.rate]) * h + delta * scan.b[column] * x
          y[at] = (number.state == 0 ? (scan.d?[number.channel] ?? 0) * x : y[at]) + scan.c[column] * h
        }
        last?[number.place] = h
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    let node = context.node
    let given = (0...1).map { $0 < context.outputGradients.count ? context.outputGradients[$0] : nil }
    guard given.contains(where: { $0 != nil }) else { return context.noGradients }
    let inputs = given.map { $0 ?? "" } + (0..<7).map { node.input($0) ?? "" }
    let gradients = try context.applyAll(SelectiveScanGradient.name, inputs, outputCount: 7)
    return node.inputs.indices.map { context.isWanted($0) ? gradients[$0] : nil }
  }
}
