import PareGraph
import PareTensor

/// Reads the declared types of a file's inputs.
struct ValueTypeReading {
  /// A larger extent is taken for a mistake.
  private static let largestExtent = Int64(Int32.max)

  /// The extents that open names stand for, where a person gave them.
  private(set) var binding: [String: Int] = [:]
  private var constants: [String: Tensor]

  /// - Throws: `onnx.constant`, `onnx.batch` for an option that the file has no place for; `onnx.value-type`.
  init(_ inputs: [WireValueInfo], options: ONNXImportOptions) throws {
    constants = options.constants
    if let name = constants.keys.sorted().first(where: { name in !inputs.contains { $0.name == name } }) {
      throw ONNXError(
        "constant", subject: "--constant", expected: "inputs among " + inputs.map(\.name).joined(separator: ", "),
        found: quoted(name), category: .usage)
    }
    for input in inputs {
      guard let tensor = constants[input.name] else { continue }
      let type = try declaredType(of: input)
      let fits = tensor.elementType == type.elementType && tensor.shape.rank == type.rank
        && zip(tensor.shape.dimensions, type.dimensions).allSatisfy { $1.fixedValue.map { [$0] }?.contains($0) ?? true }
      guard fits else {
        throw ONNXError(
          "constant", subject: "input \(quoted(input.name))", expected: "\(type)",
          found: "\(tensor.elementType.rawValue)\(tensor.shape)")
      }
      for (extent, dimension) in zip(tensor.shape.dimensions, type.dimensions) {
        if case .symbolic(let symbol) = dimension { binding[symbol] = extent }
      }
    }
    if let batch = options.batch {
      let leading = try inputs.compactMap { input -> String? in
        guard case .symbolic(let symbol)? = try declaredType(of: input).dimensions.first else { return nil }
        return symbol
      }
      guard !leading.isEmpty else {
        throw ONNXError(
          "batch", subject: "--batch", expected: "an input whose first extent is open",
          found: try inputs.map { "\($0.name): \(try declaredType(of: $0))" }.joined(separator: ", "), category: .usage)
      }
      for symbol in leading { binding[symbol] = batch }
    }
  }

  /// An input's type, with what is bound put in.
  func type(of input: WireValueInfo) throws -> ValueType {
    var type = try declaredType(of: input)
    type.dimensions = type.dimensions.map { $0.extent(binding: binding).map(Dimension.fixed) ?? $0 }
    return type
  }

  /// A first extent without a name is the batch, which all inputs share; another is the input's own.
  private func declaredType(of input: WireValueInfo) throws -> ValueType {
    guard case .tensor(let tensor)? = input.type.value else {
      throw ONNXError(
        "value-type", subject: "input \(quoted(input.name))", expected: "a tensor", found: input.type.words)
    }
    guard let elementType = ElementType(onnxDataType: Int(tensor.elementType)) else {
      throw ONNXError(
        "element-type", subject: "input \(quoted(input.name))", expected: ElementType.supportedNames,
        found: ElementType.words(onnxDataType: tensor.elementType))
    }
    guard tensor.hasShape else {
      throw ONNXError("value-type", subject: "input \(quoted(input.name))", expected: "a shape", found: "none")
    }
    guard tensor.shape.extents.count <= 64 else {
      throw ONNXError(
        "value-type", subject: "input \(quoted(input.name))", expected: "at most 64 axes", found: "\(tensor.shape.extents.count)")
    }
    let dimensions = try tensor.shape.extents.enumerated().map { axis, extent -> Dimension in
      switch extent.value {
      case .number(let number):
        guard (0...Self.largestExtent).contains(number) else {
          throw ONNXError(
            "value-type", subject: "input \(quoted(input.name))", expected: "extents from 0 to \(Self.largestExtent)",
            found: "\(number)")
        }
        return .fixed(Int(number))
      case .symbol(let name) where !name.isEmpty: return .symbolic(name)
      default: return .symbolic(axis == 0 ? "batch" : "\(input.name).\(axis)")
      }
    }
    return ValueType(elementType, dimensions)
  }
}

extension WireValueKind {
  /// Whether a graph can have a value of the type.
  var isRepresentable: Bool {
    if case .tensor(let tensor)? = value { ElementType(onnxDataType: Int(tensor.elementType)) != nil } else { false }
  }

  var words: String {
    switch value {
    case .tensor(let tensor): "a tensor of \(ElementType.words(onnxDataType: tensor.elementType))"
    case .sequence: "a sequence"
    case .map: "a map"
    case .sparseTensor: "a sparse tensor"
    case .optionalValue: "an optional value"
    case nil: "no type"
    }
  }
}

extension ElementType {
  static var supportedNames: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The name of an element type by ONNX's number, of those too that Pare does not have.
  static func words(onnxDataType number: Int32) -> String {
    if let type = ElementType(onnxDataType: Int(number)) { return type.rawValue }
    let others: [Int32: String] = [
      0: "no element type", 8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
      19: "float8e5m2", 20: "float8e5m2fnuz", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
      27: "float6e2m3", 28: "float6e3m2",
    ]
    return others[number] ?? "element type number \(number)"
  }
}
