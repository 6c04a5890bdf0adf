import PareTensor

/// While training, zeroes each element with probability `ratio` and divides the others by `1 − ratio`; otherwise X.
///
/// What is dropped follows from the seed and the number of the run alone (`EvaluationBuffers.step`): every run drops
/// others, and a run can be repeated. A node without a seed takes one from its name.
///
/// - Inputs: X; `ratio`, a floating-point scalar in `0 ..< 1`, 0.5 by default; `training_mode`, a bool scalar, false by
///   default.
/// - Outputs: Y, and optionally the mask: true where an element is kept.
/// - Source: ONNX Dropout; Srivastava et al. 2014, JMLR 15.
public enum Dropout: FloatingPointOperator {
  public static let name: OperatorName = "Dropout"
  public static let isFoldable = false
  public static let inputCount = 1...3
  public static let outputCount = 1...2
  public static let attributeNames = ["seed"]

  package static func seed(_ node: Node) throws -> Int {
    try node.int("seed", default: Int(truncatingIfNeeded: SeededGenerator.hash(of: node.name)))
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    if context.has(1) {
      let ratio = try context.floatingPointInput(1)
      guard ratio.isScalar else {
        throw GraphError("shape", node: context.node, expected: "a scalar ratio", found: "\(ratio)")
      }
    }
    if context.has(2) {
      let mode = try context.input(2)
      guard mode.elementType == .bool, mode.isScalar else {
        throw GraphError("shape", node: context.node, expected: "a bool scalar training_mode", found: "\(mode)")
      }
    }
    return [x, ValueType(.bool, x.dimensions)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let node = context.node
    let count = context.outputs[0].shape.elementCount
    let hasMask = context.outputs.count > 1
    let hasMode = context.has(2)
    let ratioType = context.has(1) ? try context.input(1).elementType : nil
    let seed = UInt64(bitPattern: Int64(try seed(node)))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      let mask = hasMask ? buffers.output(1, as: Bool.self) : nil
      let ratio =
        switch ratioType {
        case .float32: Double(buffers.input(1, as: Float.self)[0])
        case .float64: buffers.input(1, as: Double.self)[0]
        default: 0.5
        }
      guard ratio >= 0, ratio < 1 else {
        throw GraphError("ratio", node: node, expected: "a ratio in 0 ..< 1", found: "\(ratio)")
      }
      let isTraining = hasMode && buffers.input(2, as: Bool.self)[0]
      guard isTraining, ratio > 0 else {
        y.update(from: x, count: count)
        mask?.update(repeating: true, count: count)
        return
      }
      let drawing = DropoutDrawing(seed: seed, step: buffers.step, ratio: ratio)
      let scale = Scalar(1 / (1 - ratio))
      for index in 0..<count {
        let isKept = drawing.keeps(index)
        y[index] = isKept ? x[index] * scale : 0
        mask?[index] = isKept
      }
    }
  }

  /// The same elements of dY dropped: the mask follows from the seed, so the gradient is this operator once more.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    let others = context.node.inputs.dropFirst()
    guard let dy = context.outputGradient else { return context.noGradients }
    let seed = Attribute.int(try seed(context.node))
    let dx = try context.apply(name, [dy] + others, ["seed": seed])
    return context.onlyByFirst(dx)
  }
}

/// Which elements one run of a dropout keeps.
///
/// Each by itself, so that they can be drawn in any order: by a hash of its position under two keys, which follow from the
/// seed and the number of the run. Its multipliers are those of Wellons' "lowbias32"; two rounds, so that neighbouring
/// keys have nothing in common. Positions that differ by 2^32 share their fate.
package struct DropoutDrawing: Sendable {
  package let firstKey: UInt32
  package let secondKey: UInt32
  /// Hashes below it are dropped: the ratio in units of 2^-32.
  package let threshold: UInt32

  package init(seed: UInt64, step: UInt64, ratio: Double) {
    var start = SplitMix64(state: seed)
    var mix = SplitMix64(state: start.next() &+ step)
    let keys = mix.next()
    firstKey = UInt32(truncatingIfNeeded: keys)
    secondKey = UInt32(truncatingIfNeeded: keys >> 32)
    threshold = UInt32(clamping: Int64((ratio * 0x1p32).rounded()))
  }

  package func keeps(_ index: Int) -> Bool {
    var hash = UInt32(truncatingIfNeeded: index) &+ firstKey
    hash = (hash ^ (hash >> 16)) &* 0x7feb_352d
    hash = (hash ^ (hash >> 15)) &* 0x846c_a68b
    hash = (hash ^ (hash >> 16)) &+ secondKey
    hash = (hash ^ (hash >> 16)) &* 0x7feb_352d
    hash = (hash ^ (hash >> 15)) &* 0x846c_a68b
    return hash ^ (hash >> 16) >= threshold
  }
}
