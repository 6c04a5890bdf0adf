import PareTensor

/// The numbers from `start` in steps of `delta` up to but without `limit`, all constants. Source: ONNX Range.
public enum RangeOperator: NumericOperator {
  public static let name: OperatorName = "Range"
  public static let inputCount = 3...3

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let type = try context.numericInput(0).elementType
    var ends: [Double] = []
    for index in 0..<3 {
      guard try context.input(index).isScalar, try context.input(index).elementType == type else {
        throw GraphError("shape", node: node, expected: "three scalars of one type", found: "\(try context.input(index))")
      }
      guard let value = context.constant(index)?.doubles.first else {
        throw GraphError(
          "constant", node: node, expected: "\(["start", "limit", "delta"][index]) as a constant",
          found: "'\(node.inputs[index])', which is known only when run")
      }
      ends.append(value)
    }
    let count = ((ends[1] - ends[0]) / ends[2]).rounded(.up)
    guard ends[2] != 0, count.isFinite, count < 0x1p31 else {
      throw GraphError("shape", node: node, expected: "a step that reaches the limit", found: "\(ends[0]) to \(ends[1]) by \(ends[2])")
    }
    return [ValueType(type, [.fixed(max(Int(count), 0))])]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let (start, step) = (buffers.input(0, as: Element.self)[0], buffers.input(2, as: Element.self)[0])
      let y = buffers.output(as: Element.self)
      for index in 0..<count { y[index] = .sum(start, .product(Element(clamping: Double(index)), step)) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// 1 on the diagonal `k` of a matrix of X's shape, 0 elsewhere; of `dtype`, or X's type. Source: ONNX EyeLike.
public enum EyeLike: NumericOperator {
  public static let name: OperatorName = "EyeLike"
  public static let inputCount = 1...1
  public static let attributeNames = ["dtype", "k"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    let number = try context.node.int("dtype", default: x.elementType.onnxDataType)
    guard x.rank == 2, let type = ElementType(onnxDataType: number) else {
      throw GraphError("shape", node: context.node, expected: "a matrix and a known type", found: "\(x), type \(number)")
    }
    return [ValueType(type, x.dimensions)]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let diagonal = try context.node.int("k", default: 0)
    let one = Element(clamping: 1)
    return { buffers in
      let y = buffers.output(as: Element.self)
      for row in 0..<shape[0] {
        for column in 0..<shape[1] { y[row * shape[1] + column] = column - row == diagonal ? one : .zero }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// The upper (or lower, with `upper` 0) triangle of the matrices in X, from the diagonal `k`, a constant, on; 0 elsewhere.
/// Any element type. Source: ONNX Trilu.
public enum Trilu: Operator {
  public static let name: OperatorName = "Trilu"
  public static let inputCount = 1...2
  public static let attributeNames = ["upper"]
  public static let evaluatesHalfPrecision = true

  private static func diagonal(_ node: Node, constants: [Tensor?]) throws -> Int {
    let given = try node.structure(1, constants, meaning: "a diagonal") ?? [0]
    guard given.count == 1, given[0].magnitude < 1 << 32 else {
      throw GraphError("shape", node: node, expected: "one diagonal", found: "\(given)")
    }
    return given[0]
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    _ = try diagonal(context.node, constants: context.constants)
    guard x.rank >= 2 else { throw GraphError("shape", node: context.node, expected: "matrices", found: "\(x)") }
    return [x]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let x = try context.input(0)
    let (rows, columns) = (x.shape[x.shape.rank - 2], x.shape[x.shape.rank - 1])
    let matrices = rows * columns == 0 ? 0 : x.shape.elementCount / (rows * columns)
    let size = x.elementType.byteCount
    let isUpper = try context.node.int("upper", default: 1) != 0
    let diagonal = try diagonal(context.node, constants: context.constants)
    return { buffers in
      let (from, to) = (buffers.rawInput(0), buffers.rawOutput(0))
      for matrix in 0..<matrices {
        for row in 0..<rows {
          for column in 0..<columns {
            let place = ((matrix * rows + row) * columns + column) * size
            if isUpper ? column - row >= diagonal : column - row <= diagonal {
              (to + place).copyMemory(from: from + place, byteCount: size)
            } else {
              (to + place).initializeMemory(as: UInt8.self, repeating: 0, count: size)
            }
          }
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let inputs = [dy] + context.node.inputs.dropFirst()
    return context.onlyByFirst(try context.apply(name, inputs, context.node.attributes))
  }
}
