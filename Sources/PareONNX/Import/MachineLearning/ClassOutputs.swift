import PareGraph
import PareTensor

/// ZipMap: the probabilities as they are. The names of the classes, which it would pair them with, become metadata.
enum ZipMapImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.ZipMap"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    context.metadata["classes"] = try ClassLabels(node, integers: "classlabels_int64s").names
    try context.finish(node.requiredInput(0), as: 0, of: node)
  }
}

/// ArrayFeatureExtractor: elements of the last axis by their indices. From a vector, or a row, of class names, for which
/// no graph has a type, it takes the indices themselves.
enum ArrayFeatureExtractorImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.ArrayFeatureExtractor"
  static let opsets = 1...5
  static let takesTexts = true

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let (x, given) = (try node.requiredInput(0), try node.requiredInput(1))
    let shape = try context.constant(Tensor([-1] as [Int64]), "shape", for: node)
    let indices = try context.apply("Reshape", [context.cast(given, to: .int64, for: node), shape], for: node)
    let axes = try context.axes(0, for: node)
    if let texts = context.texts[x] {
      context.metadata["classes"] = texts
      _ = try context.apply("Unsqueeze", [indices, axes], for: node, output: node.outputs[0])
      return
    }
    let gathered = try context.apply("Gather", [x, indices], ["axis": .int(-1)], for: node)
    if try context.builder.type(of: x).rank == 1 {
      _ = try context.apply("Unsqueeze", [gathered, axes], for: node, output: node.outputs[0])
    } else {
      try context.finish(gathered, as: 0, of: node)
    }
  }
}

/// LabelEncoder from numbers to numbers. From the integers 0, 1, … to texts it takes the integers as they are, and the
/// texts become the names of the classes.
enum LabelEncoderImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.LabelEncoder"
  static let opsets = 2...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let x = try node.requiredInput(0)
    let type = try context.builder.type(of: x).elementType
    guard let keys = try list(node, "keys"), keys.elementType == type, keys.shape.rank == 1, keys.elementCount > 0 else {
      throw node.attributeError("keys of \(type.rawValue), as x is", found: "others")
    }
    let names = try node.strings("values_strings")
    if !names.isEmpty {
      guard type == .int64, keys.values(as: Int64.self) == (0..<Int64(names.count)).map({ $0 }) else {
        throw node.attributeError("texts for the integers from 0 on", found: "other keys")
      }
      context.metadata["classes"] = names
      return try context.finish(x, as: 0, of: node)
    }
    guard let values = try list(node, "values"), values.shape == keys.shape else {
      throw node.attributeError("as many values as keys, both numbers", found: "others")
    }
    guard !type.isFloatingPoint || keys.doubles.allSatisfy({ !$0.isNaN }) else {
      throw node.attributeError("keys other than NaN", found: "NaN")
    }
    let fallback = try context.constant(fallback(node, values.elementType), "default", for: node)
    let column = try context.apply("Unsqueeze", [x, context.axes(-1, for: node)], for: node)
    let matches = try context.apply("Equal", [column, context.constant(keys, "keys", for: node)], for: node)
    let flags = try context.cast(matches, to: .float32, for: node)
    let found = try context.apply("ReduceMax", [flags, context.axes(-1, for: node)], ["keepdims": .int(0)], for: node)
    let index = try context.apply("ArgMax", [flags], ["axis": .int(-1), "keepdims": .int(0)], for: node)
    let value = try context.apply("Gather", [context.constant(values, "values", for: node), index], for: node)
    let isFound = try context.cast(found, to: .bool, for: node)
    _ = try context.apply("Where", [isFound, value, fallback], for: node, output: node.outputs[0])
  }

  /// The attribute in whichever type it is given, as a vector; nil where it is not given as numbers.
  private static func list(_ node: ONNXNode, _ stem: String) throws -> Tensor? {
    if let tensor = node.tensors["\(stem)_tensor"] { return tensor }
    if let integers = try node.node.ints("\(stem)_int64s"), !integers.isEmpty { return Tensor(integers.map(Int64.init)) }
    let floats = try node.floats("\(stem)_floats")
    return floats.isEmpty ? nil : Tensor(floats.map { Float($0) })
  }

  /// What a number becomes that is no key, as a scalar.
  private static func fallback(_ node: ONNXNode, _ type: ElementType) throws -> Tensor {
    if let tensor = node.tensors["default_tensor"], tensor.elementType == type, tensor.elementCount == 1 {
      return tensor.reshaped(to: [])
    }
    switch type {
    case .int64: return Tensor(scalar: Int64(try node.node.int("default_int64", default: -1)))
    case .float32: return Tensor(scalar: Float(try node.node.float("default_float", default: -0.0)))
    case .int32: return Tensor(scalar: Int32(-1))
    case .float64: return Tensor(scalar: -0.0)
    case let other: throw node.attributeError("values of int32, int64, float32 or float64", found: other.rawValue)
    }
  }
}
