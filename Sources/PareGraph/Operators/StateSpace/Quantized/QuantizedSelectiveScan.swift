import PareTensor

/// A selective scan on integers, whose Δ is a function of X alone: states in `int16`, what a code of X does to them in tables. Its
/// evaluation is the definition that every instruction set must equal bit for bit: `docs/integer-arithmetic.md`, §17.
/// ```
/// hₜ[s, c] = sat((decay[c, xₜ[c], s] · hₜ₋₁[s, c] + drive[c, xₜ[c]] · 2⁷ · (bₜ[s] − zb) + 2¹⁴) >> 15)
/// Yₜ[c]    = Float(Σₛ (cₜ[s] − zc) · hₜ[s, c]) · scale + Float(xₜ[c] − zx) · skip[c]
/// ```
///
/// - Inputs: X `uint8 [batch, steps, …, channels]`, B and C `uint8 [batch, steps, …, states]`, constants: their zero points `uint8 [3]` in
///   this order, decay `int16 [channels, 256, states]` from 0 on, drive `int16 [channels, 256]` from −32767 on, scale `float32 []`, skip
///   `float32 [channels]`; optionally the state before the first step `int16 [batch, …, states, channels]` (0).
/// - Outputs: Y `float32` as X, optionally the last state `int16 [batch, …, states, channels]`.
/// - Source: as of `pare.SelectiveScan`.
public enum QuantizedSelectiveScan: Operator {
  public static let name = OperatorName("pare.QuantizedSelectiveScan")
  public static let inputCount = 8...9
  public static let outputCount = 1...2
  /// With more states a sum over them could leave Int32.
  public static let greatestStateCount = 256

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, decay) = (try context.input(0), try context.input(4))
    guard x.elementType == .uint8, x.rank >= 3, decay.rank == 3 else {
      throw GraphError(
        "shape", node: context.node, expected: "X uint8[batch, steps, …, channels] and decay int16[channels, 256, states]",
        found: "\(x) and \(decay)")
    }
    let (channels, states) = (x.dimensions[x.rank - 1], decay.dimensions[2])
    let byStep = ValueType(.uint8, x.dimensions.dropLast() + [states])
    let state = ValueType(.int16, [x.dimensions[0]] + x.dimensions.dropLast().dropFirst(2) + [states, channels])
    let expected = [
      x, byStep, byStep, ValueType(.uint8, [3]), ValueType(.int16, [channels, 256, states]), ValueType(.int16, [channels, 256]),
      ValueType(.float32, []), ValueType(.float32, [channels]), state,
    ]
    for (index, type) in expected.enumerated() where context.has(index) {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("shape", node: context.node, expected: "input \(index) of \(type)", found: "\(found)")
      }
    }
    if let count = states.fixedValue, count > greatestStateCount {
      throw GraphError("shape", node: context.node, expected: "at most \(greatestStateCount) states", found: "\(count)")
    }
    return [ValueType(.float32, x.dimensions), state]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let layer = try Layer(context)
    switch context.outputs[0].elementType {
    case .float32: return evaluation(layer, Float.self)
    case .float64: return evaluation(layer, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement>(_ layer: Layer, _: Scalar.Type) -> Evaluation {
    let (scale, skip) = (Scalar(layer.scale), layer.skip.map { Scalar($0) })
    return { buffers in
      let (x, b, c) = (buffers.input(0, as: UInt8.self), buffers.input(1, as: UInt8.self), buffers.input(2, as: UInt8.self))
      let state = layer.hasState ? buffers.input(8, as: Int16.self) : nil
      let y = buffers.output(0, as: Scalar.self)
      let last = layer.hasLast ? buffers.output(1, as: Int16.self) : nil
      layer.extents.forEachChannel { place in
        for s in 0..<layer.extents.states { layer.track.states[s] = state?[place.state(s)] ?? 0 }
        for step in 0..<layer.extents.steps {
          let row = layer.extents.row(place, step)
          let code = Int(x[row * layer.extents.channels + place.channel])
          var sum: Int32 = 0
          for s in 0..<layer.extents.states {
            let at = row * layer.extents.states + s
            let h = layer.next(layer.track.states[s], channel: place.channel, code: code, state: s, b: b[at])
            layer.track.states[s] = h
            sum += (Int32(c[at]) - layer.outputZeroPoint) * Int32(h)
          }
          let direct = Scalar(Int32(code) - layer.inputZeroPoint) * skip[place.channel]
          y[row * layer.extents.channels + place.channel] = Scalar(sum) * scale + direct
        }
        for s in 0..<layer.extents.states { last?[place.state(s)] = layer.track.states[s] }
      }
    }
  }
}

extension QuantizedSelectiveScan {
  /// What a node says, checked.
  package struct Layer: Sendable {
    package let extents: ScanExtents
    package let inputZeroPoint, drivenZeroPoint, outputZeroPoint: Int32
    /// `[channels, 256, states]` and `[channels, 256]`.
    package let decay, drive: [Int16]
    package let scale: Float
    package let skip: [Float]
    package let hasState, hasLast: Bool
    fileprivate let track: StateTrack

    /// - Throws: `graph.missing-input` where a table is no constant, `graph.scan-table` where one holds what could leave Int32.
    package init(_ context: PreparationContext) throws {
      func constant(_ index: Int) throws -> Tensor {
        guard let tensor = context.constant(index) else {
          throw GraphError("missing-input", node: context.node, expected: "a constant as input \(index)", found: "none")
        }
        return tensor
      }
      let x = try context.input(0).shape
      let zeroPoints = try constant(3).values(as: UInt8.self).map(Int32.init)
      (decay, drive) = (try constant(4).values(as: Int16.self), try constant(5).values(as: Int16.self))
      (scale, skip) = (Float(try constant(6).doubles[0]), try constant(7).doubles.map { Float($0) })
      (inputZeroPoint, drivenZeroPoint, outputZeroPoint) = (zeroPoints[0], zeroPoints[1], zeroPoints[2])
      extents = ScanExtents(x, states: try context.input(4).shape[2])
      (hasState, hasLast) = (context.has(8), context.outputs.count > 1)
      track = StateTrack(count: extents.states)
      if let wrong = decay.first(where: { $0 < 0 }) ?? drive.first(where: { $0 == .min }) {
        throw GraphError("scan-table", node: context.node, expected: "decays from 0 on and drives from -32767 on", found: "\(wrong)")
      }
    }

    /// One number of the state after a step. No sum leaves Int32: see §17.
    @inline(__always)
    func next(_ h: Int16, channel: Int, code: Int, state: Int, b: UInt8) -> Int16 {
      let row = channel * 256 + code
      let kept = Int32(decay[row * extents.states + state]) * Int32(h)
      let driven = Int32(drive[row]) * ((Int32(b) - drivenZeroPoint) << 7)
      return Int16(clamping: (kept + driven + (1 << 14)) >> 15)
    }
  }

  /// The states of one channel: memory of one evaluation, which is for one thread at a time.
  fileprivate final class StateTrack: @unchecked Sendable {
    let states: UnsafeMutablePointer<Int16>

    init(count: Int) {
      states = .allocate(capacity: max(count, 1))
    }

    deinit { states.deallocate() }
  }
}
