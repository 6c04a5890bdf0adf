import PareGraph
import PareTensor

/// Scaler: `(X − offset) · scale`, in X's floating-point type, as Float32.
enum ScalerImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.Scaler"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    var x = try context.floatingPointInput(of: node)
    for (name, attribute) in [("Sub", "offset"), ("Mul", "scale")] {
      let values = try node.floats(attribute)
      guard !values.isEmpty else { continue }
      let operand = try context.numbers(values, like: x, attribute, for: node)
      x = try context.apply(OperatorName(name), [x, operand], for: node)
    }
    try context.finish(context.cast(x, to: .float32, for: node), as: 0, of: node)
  }
}

/// Normalizer: each row divided by its highest element, the sum of magnitudes or the Euclidean length; a row for which
/// that is 0 stays as it is.
enum NormalizerImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.Normalizer"
  static let opsets = 1...5

  private static let reductions: [String: OperatorName] = ["MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"]

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let name = try node.node.string("norm", default: "MAX")
    guard let reduction = reductions[name] else {
      throw node.attributeError("norm to be one of \(reductions.keys.sorted().joined(separator: ", "))", found: "'\(name)'")
    }
    let x = try context.cast(node.requiredInput(0), to: .float32, for: node)
    let axes = try context.axes(-1, for: node)
    let norm = try context.apply(reduction, [x, axes], ["keepdims": .int(1)], for: node)
    let (zero, one) = (try context.number(0, like: x, "zero", for: node), try context.number(1, like: x, "one", for: node))
    let isZero = try context.apply("Equal", [norm, zero], for: node)
    let divisor = try context.apply("Where", [isZero, one, norm], for: node)
    _ = try context.apply("Div", [x, divisor], for: node, output: node.outputs[0])
  }
}

/// Binarizer: 1 above the threshold, 0 elsewhere, in X's type.
enum BinarizerImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.Binarizer"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try context.floatingPointInput(of: node)
    let type = try context.builder.type(of: node.requiredInput(0)).elementType
    let threshold = try context.number(node.node.float("threshold", default: 0), like: x, "threshold", for: node)
    let isAbove = try context.apply("Greater", [x, threshold], for: node)
    _ = try context.apply("Cast", [isAbove], ["to": .int(type.onnxDataType)], for: node, output: node.outputs[0])
  }
}

/// Imputer: what equals the value to be replaced, NaN included, becomes the value for its column, or the one value.
enum ImputerImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.Imputer"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try node.requiredInput(0)
    let isMissing: String
    let replacements: String
    switch try context.builder.type(of: x).elementType {
    case let type where type.isFloatingPoint:
      let missing = try node.node.float("replaced_value_float", default: 0)
      let values = try node.floats("imputed_value_floats")
      guard !values.isEmpty else { throw node.attributeError("imputed_value_floats", found: "none") }
      replacements = try context.numbers(values, like: x, "imputed", for: node)
      isMissing =
        missing.isNaN
        ? try context.apply("IsNaN", [x], for: node)
        : try context.apply("Equal", [x, context.number(missing, like: x, "missing", for: node)], for: node)
    case .int64:
      let missing = try node.node.int("replaced_value_int64", default: 0)
      guard let values = try node.node.ints("imputed_value_int64s"), !values.isEmpty else {
        throw node.attributeError("imputed_value_int64s", found: "none")
      }
      replacements = try context.constant(Tensor(values.map(Int64.init)), "imputed", for: node)
      let replaced = try context.constant(Tensor(scalar: Int64(missing)), "missing", for: node)
      isMissing = try context.apply("Equal", [x, replaced], for: node)
    case let other:
      throw GraphError("element-type", node: node.node, expected: "floating point or int64", found: other.rawValue)
    }
    _ = try context.apply("Where", [isMissing, replacements, x], for: node, output: node.outputs[0])
  }
}
