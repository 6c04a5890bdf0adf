import PareTensor

/// How a parameter's numbers are held: which of them (layout) and in what form (element).
///
/// Layout and element are independent axes, each a closed set. `byteCount` is what the sections weigh in a file.
public struct ParameterStorage: Sendable, Equatable {
  /// Which elements are stored.
  public enum Layout: String, Sendable, Codable, CaseIterable {
    /// Every element.
    case dense
    /// A bit per element, least significant first, then the non-zero ones only.
    case bitmask
  }

  /// In what form an element is stored.
  public enum Element: Sendable, Equatable {
    /// The element type itself; integers of four bits two to a byte.
    case plain(ElementType)
    /// An index of `bits` bits into a table of Float32 values.
    case codebook(bits: Int)
    /// A bit: 1 for +1, 0 for −1, as Float32. Under `.bitmask` the elements that are left out are 0: ternary numbers.
    case sign
  }

  public let shape: Shape
  public let layout: Layout
  public let element: Element
  /// Bits of the stored elements, for `.bitmask`.
  private let mask: Tensor?
  /// Stored elements (`.plain`; as packed bytes where they have four bits), their packed indices (`.codebook`) or bits
  /// (`.sign`).
  private let values: Tensor
  private let codebook: Tensor?

  /// The same numbers under `layout`. Zeros, and only zeros, are left out by a sparse layout.
  public init(_ tensor: Tensor, layout: Layout = .dense) {
    shape = tensor.shape
    self.layout = layout
    element = .plain(tensor.elementType)
    codebook = nil
    switch layout {
    case .dense:
      mask = nil
      values = Self.packed(tensor)
    case .bitmask:
      let kept = tensor.nonZeroIndices
      mask = Tensor(BitPacking.mask(of: kept, count: tensor.elementCount))
      values = Self.packed(tensor.gathered(kept))
    }
  }

  /// Four-bit integers as bytes of two; any other tensor as it is.
  private static func packed(_ tensor: Tensor) -> Tensor {
    tensor.elementType.isFourBit ? Tensor(tensor.packedFourBits()) : tensor
  }

  /// Elements that share the values of a table.
  ///
  /// - Parameters:
  ///   - indices: one per element, row-major; under `.bitmask` an element whose value is zero (not −0) is left out.
  ///   - table: at most 65,536 values.
  /// - Precondition: every index is within the table, and there is one per element of `shape`.
  public init(indices: [Int], table: [Float], shape: Shape, layout: Layout = .dense) {
    precondition(indices.count == shape.elementCount && table.count <= 65_536)
    precondition(indices.allSatisfy { table.indices.contains($0) })
    let bits = BitPacking.bitsNeeded(forCount: table.count)
    let kept = layout == .bitmask ? indices.indices.filter { table[indices[$0]].bitPattern != 0 } : Array(indices.indices)
    self.shape = shape
    self.layout = layout
    element = .codebook(bits: bits)
    mask = layout == .bitmask ? Tensor(BitPacking.mask(of: kept, count: indices.count)) : nil
    values = Tensor(BitPacking.pack(kept.map { indices[$0] }, bits: bits))
    codebook = Tensor(table)
  }

  /// Signs: elements that are +1 or −1, and under `.bitmask` 0 as well.
  ///
  /// - Returns: nil where the tensor holds anything else or is not of Float32.
  public init?(signsOf tensor: Tensor, layout: Layout = .dense) {
    guard tensor.elementType == .float32 else { return nil }
    let kept = layout == .bitmask ? tensor.nonZeroIndices : Array(0..<tensor.elementCount)
    let numbers = tensor.gathered(kept).values(as: Float.self)
    guard numbers.allSatisfy({ $0 == 1 || $0 == -1 }) else { return nil }
    shape = tensor.shape
    self.layout = layout
    element = .sign
    mask = layout == .bitmask ? Tensor(BitPacking.mask(of: kept, count: tensor.elementCount)) : nil
    values = Tensor(BitPacking.pack(numbers.map { $0 > 0 ? 1 : 0 }, bits: 1))
    codebook = nil
  }

  /// The type of the numbers once decoded.
  public var elementType: ElementType {
    switch element {
    case .plain(let type): type
    case .codebook, .sign: .float32
    }
  }

  /// Bytes of all sections together.
  public var byteCount: Int { sections.reduce(0) { $0 + $1.tensor.byteCount } }

  /// The non-zero pattern under a sparse layout, which training keeps: 1 where an element may change. Nil when dense.
  public var trainingMask: [Bool]? {
    mask.map { BitPacking.bits($0.values(as: UInt8.self), count: shape.elementCount) }
  }

  /// The numbers, dense.
  public func decoded() -> Tensor {
    let stored: Tensor
    switch element {
    case .plain(let type) where type.isFourBit:
      stored = Tensor(packedFourBits: values.values(as: UInt8.self), elementType: type, shape: [storedCount])
    case .plain: stored = values
    case .codebook(let bits):
      let table = codebook?.values(as: Float.self) ?? []
      let indices = BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: storedCount)
      stored = Tensor(indices.map { table[$0] })
    case .sign:
      stored = Tensor(BitPacking.bits(values.values(as: UInt8.self), count: storedCount).map { Float($0 ? 1 : -1) })
    }
    guard let mask = trainingMask else { return stored.reshaped(to: shape) }
    return stored.scattered(into: shape, where: mask)
  }

  /// One index per element into a table of numbers; nil for another form, and where a layout leaves elements out.
  package func sharedValues() -> (indices: [Int], table: [Float])? {
    guard case .codebook(let bits) = element, layout == .dense, let codebook else { return nil }
    return (BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: storedCount), codebook.values(as: Float.self))
  }

  private var storedCount: Int {
    mask.map { BitPacking.bits($0.values(as: UInt8.self), count: shape.elementCount).count(where: { $0 }) }
      ?? shape.elementCount
  }
}

// MARK: - Sections of a file

extension ParameterStorage {
  /// The tensors that a file holds for a parameter, each under the parameter's name plus `suffix`.
  public var sections: [(suffix: String, tensor: Tensor)] {
    var sections: [(suffix: String, tensor: Tensor)] = []
    if let mask { sections.append((".mask", mask)) }
    switch element {
    case .plain(let type) where type.isFourBit: sections.append((".packed", values))
    case .plain: sections.append((layout == .dense ? "" : ".values", values))
    case .codebook: sections.append((".indices", values))
    case .sign: sections.append((".signs", values))
    }
    if let codebook { sections.append((".codebook", codebook)) }
    return sections
  }

  /// Puts a parameter together from the sections of a file, checking every one.
  ///
  /// - Parameters:
  ///   - name: the parameter's, for messages.
  ///   - section: the tensor under a suffix, or nil where the file has none.
  /// - Throws: `GraphError` `graph.parameter-section`, naming the section.
  public init(
    name: String, shape: Shape, layout: Layout, element: Element, section: (String) -> Tensor?
  ) throws {
    func fetch(_ suffix: String, _ type: ElementType, _ dimensions: [Int]) throws -> Tensor {
      let expected = "tensor '\(name)\(suffix)' of \(type.rawValue) \(dimensions)"
      guard let tensor = section(suffix) else {
        throw GraphError("parameter-section", subject: "parameter '\(name)'", expected: expected, found: "no such tensor")
      }
      guard tensor.elementType == type, tensor.shape.dimensions == dimensions else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: expected,
          found: "\(tensor.elementType.rawValue) \(tensor.shape)")
      }
      return tensor
    }
    let count = shape.elementCount
    var stored = count
    var mask: Tensor?
    if layout == .bitmask {
      let bits = try fetch(".mask", .uint8, [count / 8 + (count % 8).signum()])
      let bytes = bits.values(as: UInt8.self)
      guard count % 8 == 0 || (bytes.last ?? 0) >> (count % 8) == 0 else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "unused bits of the mask to be 0",
          found: "one that is 1")
      }
      stored = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
      mask = bits
    }
    self.shape = shape
    self.layout = layout
    self.element = element
    self.mask = mask
    switch element {
    case .plain(let type) where type.isFourBit:
      values = try fetch(".packed", .uint8, [Tensor.packedByteCount(stored)])
      guard stored % 2 == 0 || (values.values(as: UInt8.self).last ?? 0) >> 4 == 0 else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "the unused half of the last byte to be 0",
          found: "bits that are 1")
      }
      codebook = nil
    case .plain(let type):
      values = try fetch(layout == .dense ? "" : ".values", type, layout == .dense ? shape.dimensions : [stored])
      codebook = nil
    case .codebook(let bits):
      guard (1...16).contains(bits) else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "1 to 16 bits an index", found: "\(bits)")
      }
      guard let table = section(".codebook"), table.shape.rank == 1, table.elementCount <= 1 << bits else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'",
          expected: "tensor '\(name).codebook' of at most \(1 << bits) float32", found: "none")
      }
      codebook = try fetch(".codebook", .float32, table.shape.dimensions)
      guard stored <= Int.max / 32 else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "a shape that fits in memory", found: "\(shape)")
      }
      values = try fetch(".indices", .uint8, [(stored * bits + 7) / 8])
      let indices = BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: stored)
      if let beyond = indices.first(where: { $0 >= table.elementCount }) {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "indices below \(table.elementCount)",
          found: "\(beyond)")
      }
    case .sign:
      values = try fetch(".signs", .uint8, [stored / 8 + (stored % 8).signum()])
      guard stored % 8 == 0 || (values.values(as: UInt8.self).last ?? 0) >> (stored % 8) == 0 else {
        throw GraphError(
          "parameter-section", subject: "parameter '\(name)'", expected: "unused bits of the signs to be 0",
          found: "one that is 1")
      }
      codebook = nil
    }
  }
}
