import PareTensor

/// The gradient of a selective scan: the states are computed once more forwards, then the adjoint runs back,
/// `λₜ = Cₜ · dYₜ + exp(Δₜ₊₁ A) · λₜ₊₁`, from the gradient by the last state.
///
/// - Inputs: dY and the gradient by the last state, of which one may be missing, then the scan's seven.
/// - Outputs: a gradient for each of the scan's seven inputs; those of D and of a first state that are not given are zeros.
public enum SelectiveScanGradient: FloatingPointOperator {
  public static let name = OperatorName("SelectiveScanGradient", domain: "pare")
  public static let inputCount = 7...9
  public static let outputCount = 7...7

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let operands = try ScanOperands(context, first: 2)
    let (a, b) = (try context.input(4), try context.input(5))
    return [operands.x, operands.x, a, b, b, ValueType(operands.x.elementType, [a.dimensions[1]]), operands.state]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { context.outputs[0].elementType }

  static func evaluation<Scalar: FloatingPointElement>(_ context: PreparationContext, _: Scalar.Type) throws -> Evaluation {
    let extents = try ScanExtents(context, first: 2)
    let (hasOutput, hasLast, hasD, hasState) = (context.has(0), context.has(1), context.has(7), context.has(8))
    let counts = context.outputs.map(\.shape.elementCount)
    let track = Track<Scalar>(count: extents.steps)
    return { buffers in
      let scan = ScanInputs<Scalar>(buffers, first: 2, hasD: hasD, hasState: hasState)
      let dy = hasOutput ? buffers.input(0, as: Scalar.self) : nil
      let dLast = hasLast ? buffers.input(1, as: Scalar.self) : nil
      let gradients = (0..<7).map { buffers.output($0, as: Scalar.self) }
      for (gradient, count) in zip(gradients, counts) { gradient.update(repeating: 0, count: count) }
      let (dx, dDelta, dA, dB) = (gradients[0], gradients[1], gradients[2], gradients[3])
      let (dC, dD, dState) = (gradients[4], gradients[5], gradients[6])
      extents.forEachState { number in
        let rate = scan.a[number.rate]
        let first = scan.state?[number.place] ?? 0
        var h = first
        for step in 0..<extents.steps {
          let row = extents.row(number, step)
          let (at, column) = (row * extents.channels + number.channel, row * extents.states + number.state)
          h = Scalar.exp(scan.delta[at] * rate) * h + scan.delta[at] * scan.b[column] * scan.x[at]
          track.states[step] = h
        }
        var adjoint = dLast?[number.place] ?? 0
        for step in (0..<extents.steps).reversed() {
          let row = extents.row(number, step)
          let (at, column) = (row * extents.channels + number.channel, row * extents.states + number.state)
          let (delta, x, flow) = (scan.delta[at], scan.x[at], dy?[at] ?? 0)
          adjoint += scan.c[column] * flow
          dC[column] += track.states[step] * flow
          let kept = Scalar.exp(delta * rate)
          let faded = kept * (step == 0 ? first : track.states[step - 1])
          dx[at] += adjoint * delta * scan.b[column]
          dDelta[at] += adjoint * (rate * faded + scan.b[column] * x)
          dA[number.rate] += adjoint * delta * faded
          dB[column] += adjoint * delta * x
          if number.state == 0, hasD {
            dx[at] += (scan.d?[number.channel] ?? 0) * flow
            dD[number.channel] += x * flow
          }
          adjoint *= kept
        }
        if hasState { dState[number.place] = adjoint }
      }
    }
  }

  /// The states of one number along time: memory of one evaluation, which is for one thread at a time.
  private final class Track<Scalar>: @unchecked Sendable {
    let states: UnsafeMutablePointer<Scalar>

    init(count: Int) {
      states = .allocate(capacity: max(count, 1))
    }

    deinit { states.deallocate() }
  }
}
