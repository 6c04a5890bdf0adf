import PareTensor

/// `Y = (X − mean) / (√variance + 10⁻⁹)` over `axes`, by default all but the second of four.
///
/// - Source: ONNX MeanVarianceNormalization, whose definition as a function adds the 10⁻⁹.
public enum MeanVarianceNormalization: FloatingPointOperator {
  public static let name: OperatorName = "MeanVarianceNormalization"
  public static let inputCount = 1...1
  public static let attributeNames = ["axes"]

  static func axes(_ node: Node, rank: Int) throws -> [Int] {
    try node.normalizedAxes(node.ints("axes") ?? [0, 2, 3], rank: rank)
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    _ = try axes(context.node, rank: x.rank)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let groups = ReductionGroups(shape, axes: try axes(context.node, rank: shape.rank))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for start in groups.starts {
        let (mean, deviation) = statistics(ReductionGroup(elements: x + start, offsets: groups.offsets))
        for offset in groups.offsets { y[start + offset] = (x[start + offset] - mean) / (deviation + Scalar(1e-9)) }
      }
    }
  }

  /// Mean and √variance.
  static func statistics<Scalar: FloatingPointElement>(_ group: ReductionGroup<Scalar>) -> (mean: Scalar, deviation: Scalar) {
    let mean = group.fold(0, +) / group.count
    let variance = group.fold(0) { $0 + ($1 - mean) * ($1 - mean) } / group.count
    return (mean, variance.squareRoot())
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [
      try context.apply(MeanVarianceNormalizationGradient.name, [dy, context.node.inputs[0]], context.node.attributes)
    ]
  }
}

/// `dX = (dY − mean(dY) − (X − mean) · mean(dY · (X − mean)) / (σ · (σ + 10⁻⁹))) / (σ + 10⁻⁹)`, σ the deviation; where it
/// is 0 the last term is. Inputs: dY and X.
public enum MeanVarianceNormalizationGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.MeanVarianceNormalizationGradient"
  public static let inputCount = 2...2
  public static let attributeNames = MeanVarianceNormalization.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    _ = try MeanVarianceNormalization.axes(context.node, rank: x.rank)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let groups = ReductionGroups(shape, axes: try MeanVarianceNormalization.axes(context.node, rank: shape.rank))
    let count = Scalar(groups.offsets.count)
    return { buffers in
      let (allDY, allX) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let dx = buffers.output(as: Scalar.self)
      for start in groups.starts {
        let (dy, x) = (allDY + start, allX + start)
        let (mean, deviation) = MeanVarianceNormalization.statistics(ReductionGroup(elements: x, offsets: groups.offsets))
        let divisor = deviation + Scalar(1e-9)
        var (s, t): (Scalar, Scalar) = (0, 0)
        for offset in groups.offsets {
          s += dy[offset]
          t += dy[offset] * (x[offset] - mean)
        }
        let slope = deviation == 0 ? 0 : t / count / (deviation * divisor)
        for offset in groups.offsets {
          dx[start + offset] = (dy[offset] - s / count - (x[offset] - mean) * slope) / divisor
        }
      }
    }
  }
}
