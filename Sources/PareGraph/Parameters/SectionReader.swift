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

  /// The table of a codebook, `[values]`, of vectors `[vectors, dimension]`, or of groups `[groups, values]`.
  func table(
    _ element: ParameterStorage.Element, of shape: Shape, _ layout: ParameterStorage.Layout, from section: (String) -> Tensor?
  ) throws -> Tensor {
    guard case .codebook(let bits, let dimension, let groups) = element else { return Tensor([Float]()) }
    guard (1...16).contains(bits) else { throw refusal(expected: "1 to 16 bits an index", found: "\(bits)") }
    guard dimension == 1 || (dimension > 1 && layout == .dense && groups == nil && shape.elementCount % dimension == 0) else {
      throw refusal(expected: "vectors that are dense, without groups, and fill the shape \(shape)", found: "vectors of \(dimension)")
    }
    if let groups, groups.axis >= shape.rank {
      throw refusal(expected: "groups along an axis of \(shape)", found: "axis \(groups.axis)")
    }
    let suffix = ParameterStorage.tableSuffix
    let (rank, lengthAxis) = (dimension == 1 && groups == nil ? 1 : 2, groups == nil ? 0 : 1)
    guard let table = section(suffix), table.shape.rank == rank, table.shape[lengthAxis] <= 1 << bits else {
      throw refusal(expected: "tensor '\(name)\(suffix)' of at most \(1 << bits) float32", found: "none")
    }
    let length = table.shape[lengthAxis]
    // As extents, not as a shape: of a hostile file they need not have a product.
    let extents = groups.map { [$0.count(in: shape), length] } ?? (dimension == 1 ? [length] : [length, dimension])
    guard table.elementType == .float32, table.shape.dimensions == extents else {
      throw refusal(
        expected: "tensor '\(name)\(suffix)' of float32 \(extents)", found: "\(table.elementType.rawValue) \(table.shape)")
    }
    return table
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
