import PareTensor

/// Fetches the sections of a parameter from a file, decodes those that are coded, and checks each.
struct SectionReader {
  let name: String
  let coding: ParameterStorage.Coding
  /// The codes of the sections that were coded, by suffix.
  private(set) var codes: [String: Tensor] = [:]

  init(name: String, coding: ParameterStorage.Coding) {
    self.name = name
    self.coding = coding
  }

  /// Items of less than a byte, or of bits that cross bytes, one behind another; what lies behind the last is 0.
  mutating func bits(_ suffix: String, itemBits: Int, count: Int, from section: (String) -> Tensor?) throws -> Tensor {
    guard count <= Int.max / 32 else {
      throw refusal(expected: "a shape that fits in memory", found: "\(count) elements")
    }
    let used = count * itemBits
    let tensor = try tensor(suffix, .uint8, [(used + 7) / 8], itemBits: itemBits, count: count, from: section)
    guard used % 8 == 0 || (tensor.values(as: UInt8.self).last ?? 0) >> UInt8(used % 8) == 0 else {
      throw refusal(expected: "unused bits of '\(name)\(suffix)' to be 0", found: "one that is 1")
    }
    return tensor
  }

  /// A section of whole elements, or of `count` items where these are something else.
  mutating func tensor(
    _ suffix: String, _ type: ElementType, _ shape: Shape, itemBits: Int, count: Int? = nil, from section: (String) -> Tensor?
  ) throws -> Tensor {
    guard coding == .entropy, let code = section(suffix + ParameterStorage.codeSuffix) else {
      return try plain(suffix, type, shape, from: section)
    }
    let subject = "'\(name)\(suffix)\(ParameterStorage.codeSuffix)'"
    guard code.elementType == .uint8, code.shape.rank == 1 else {
      throw refusal(expected: "tensor \(subject) of uint8 along one axis", found: "\(code.elementType.rawValue) \(code.shape)")
    }
    let bytes: [UInt8]
    do throws(SectionCodeError) {
      bytes = try SectionCoding.decode(code.values(as: UInt8.self), itemBits: itemBits, count: count ?? shape.elementCount)
    } catch {
      throw refusal(expected: "in \(subject) \(error.expected)", found: error.found)
    }
    if type == .bool, let other = bytes.first(where: { $0 > 1 }) {
      throw refusal(expected: "in \(subject) 0 or 1", found: "\(other)")
    }
    codes[suffix] = code
    return bytes.withUnsafeBytes { Tensor(elementType: type, shape: shape, bytes: $0) }
  }

  /// A section that is not coded.
  func plain(_ suffix: String, _ type: ElementType, _ shape: Shape, from section: (String) -> Tensor?) throws -> Tensor {
    let expected = "tensor '\(name)\(suffix)' of \(type.rawValue) \(shape)"
    guard let tensor = section(suffix) else { throw refusal(expected: expected, found: "no such tensor") }
    guard tensor.elementType == type, tensor.shape == shape else {
      throw refusal(expected: expected, found: "\(tensor.elementType.rawValue) \(tensor.shape)")
    }
    return tensor
  }

  func refusal(expected: String, found: String) -> GraphError {
    GraphError("parameter-section", subject: "parameter '\(name)'", expected: expected, found: found)
  }
}
