import PareTensor

/// `Y = X / ‖X‖` along an axis, by the 1-norm or the 2-norm; 0 where the norm is. Source: ONNX LpNormalization, opset 22.
public enum LpNormalization: FloatingPointOperator {
  public static let name: OperatorName = "LpNormalization"
  public static let inputCount = 1...1
  public static let attributeNames = ["axis", "p"]

  static func power(_ node: Node) throws -> Int {
    let p = try node.int("p", default: 2)
    guard p == 1 || p == 2 else {
      throw GraphError("attribute", node: node, expected: "'p' to be 1 or 2", found: "\(p)")
    }
    return p
  }

  static func norm<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, _ line: AxisDecomposition, start: Int, power: Int
  ) -> Scalar {
    var sum: Scalar = 0
    for index in 0..<line.extent {
      let value = x[start + index * line.inner]
      sum += power == 1 ? value.magnitude : value * value
    }
    return power == 1 ? sum : sum.squareRoot()
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    _ = (try context.node.axis(default: -1, rank: x.rank), try power(context.node))
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let line = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    let power = try power(context.node)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      line.forEachLine { start in
        let norm = norm(x, line, start: start, power: power)
        for index in 0..<line.extent {
          let offset = start + index * line.inner
          y[offset] = norm == 0 ? 0 : x[offset] / norm
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(LpNormalizationGradient.name, [dy, context.node.inputs[0]], context.node.attributes)]
  }
}

/// `dX = (dY − slope(X) · Σ dY · Y) / ‖X‖`, the slope of the norm being `sign X` or `Y`; 0 where the norm is. Inputs: dY
/// and X.
public enum LpNormalizationGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.LpNormalizationGradient"
  public static let inputCount = 2...2
  public static let attributeNames = LpNormalization.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    _ = (try context.node.axis(default: -1, rank: x.rank), try LpNormalization.power(context.node))
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let line = AxisDecomposition(shape, axis: try context.node.axis(default: -1, rank: shape.rank))
    let power = try LpNormalization.power(context.node)
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let dx = buffers.output(as: Scalar.self)
      line.forEachLine { start in
        let norm = LpNormalization.norm(x, line, start: start, power: power)
        var product: Scalar = 0
        for index in 0..<line.extent {
          let offset = start + index * line.inner
          product += dy[offset] * x[offset]
        }
        for index in 0..<line.extent {
          let offset = start + index * line.inner
          let value = x[offset]
          let slope = power == 1 ? (value > 0 ? 1 : value < 0 ? -1 : 0) : value / norm
          dx[offset] = norm == 0 ? 0 : (dy[offset] - slope * (product / norm)) / norm
        }
      }
    }
  }
}
