import PareTensor

/// How a parameter's numbers are held: which of them (layout), in what form (element), and how a file spells that (coding).
///
/// The axes are independent, each a closed set. `byteCount` is what the sections weigh in a file. In memory sections are never coded:
/// who reads a storage need not know of it, and who puts another in its place drops it.
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
    /// An index of `bits` bits into a table of Float32 values: one table, or one for each group. With a `dimension` above 1, which is
    /// dense and without groups, an index stands for so many elements in a row.
    case codebook(bits: Int, dimension: Int = 1, groups: TableGroups? = nil)
    /// A bit: 1 for +1, 0 for −1, as Float32. Under `.bitmask` the elements that are left out are 0: ternary numbers.
    case sign
  }

  /// How a file holds the sections.
  public enum Coding: String, Sendable, Codable, CaseIterable {
    /// As they are.
    case none
    /// Those that grow shorter by it in a lossless code (docs/artifact-format.md), decoded when the file is read.
    case entropy
  }

  public let shape: Shape
  public let layout: Layout
  public let element: Element
  /// Bits of the stored elements, for `.bitmask`.
  let mask: Tensor?
  /// Stored elements (`.plain`; as packed bytes where they have four bits), their packed indices (`.codebook`) or bits
  /// (`.sign`).
  let values: Tensor
  let codebook: Tensor?
  /// The codes of sections, by suffix, where a file holds these.
  var codes: [String: Tensor] = [:]

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
    self.init(indices: indices, tables: [table], groups: nil, shape: shape, layout: layout)
  }

  /// Elements that share the values of their group's table.
  ///
  /// - Parameters:
  ///   - indices: one per element, row-major, into the table of its group; under `.bitmask` an element whose value is zero (not −0) is
  ///     left out.
  ///   - tables: one for each group, all of one length of at most 65,536.
  /// - Precondition: every index is within the tables, and there is one per element of `shape`.
  public init(indices: [Int], tables: [[Float]], groups: TableGroups?, shape: Shape, layout: Layout = .dense) {
    let length = tables.first?.count ?? 0
    precondition(tables.count == groups?.count(in: shape) ?? 1 && tables.allSatisfy { $0.count == length } && length <= 65_536)
    precondition(indices.count == shape.elementCount && indices.allSatisfy { (0..<length).contains($0) })
    let bits = BitPacking.bitsNeeded(forCount: length)
    let group = groups?.group(in: shape) ?? { _ in 0 }
    let kept =
      layout == .bitmask
      ? indices.indices.filter { tables[group($0)][indices[$0]].bitPattern != 0 } : Array(indices.indices)
    self.shape = shape
    self.layout = layout
    element = .codebook(bits: bits, groups: groups)
    mask = layout == .bitmask ? Tensor(BitPacking.mask(of: kept, count: indices.count)) : nil
    values = Tensor(BitPacking.pack(kept.map { indices[$0] }, bits: bits))
    codebook = Tensor(tables.flatMap { $0 }, shape: groups == nil ? [length] : [tables.count, length])
  }

  /// Elements that share vectors of a table: `dimension` of them in a row, row-major, an index.
  ///
  /// - Parameter table: vectors one behind another, at most 65,536.
  /// - Precondition: every index is within the table, and there is one for each `dimension` of the elements of `shape`.
  public init(indices: [Int], vectors table: [Float], dimension: Int, shape: Shape) {
    let count = table.count / dimension
    precondition(dimension > 1 && table.count % dimension == 0 && count <= 65_536)
    precondition(indices.count * dimension == shape.elementCount && indices.allSatisfy { (0..<count).contains($0) })
    let bits = BitPacking.bitsNeeded(forCount: count)
    self.shape = shape
    layout = .dense
    element = .codebook(bits: bits, dimension: dimension)
    mask = nil
    values = Tensor(BitPacking.pack(indices, bits: bits))
    codebook = Tensor(table, shape: [count, dimension])
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

  public var coding: Coding { codes.isEmpty ? .none : .entropy }

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
    case .codebook(let bits, let dimension, let groups):
      let table = codebook?.values(as: Float.self) ?? []
      let indices = BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: storedCount / dimension)
      if let groups, let length = codebook?.shape.dimensions.last {
        let group = groups.group(in: shape)
        let positions = trainingMask.map { mask in mask.indices.filter { mask[$0] } } ?? Array(0..<shape.elementCount)
        stored = Tensor(zip(indices, positions).map { table[group($1) * length + $0] })
      } else {
        stored = Tensor(dimension == 1 ? indices.map { table[$0] } : indices.flatMap { table[$0 * dimension..<($0 + 1) * dimension] })
      }
    case .sign:
      stored = Tensor(BitPacking.bits(values.values(as: UInt8.self), count: storedCount).map { Float($0 ? 1 : -1) })
    }
    guard let mask = trainingMask else { return stored.reshaped(to: shape) }
    return stored.scattered(into: shape, where: mask)
  }

  /// One index per element into one table of numbers; nil for another form, and where a layout leaves elements out.
  package func sharedValues() -> (indices: [Int], table: [Float])? {
    guard case .codebook(let bits, 1, nil) = element, layout == .dense, let codebook else { return nil }
    return (BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: storedCount), codebook.values(as: Float.self))
  }

  /// Elements that the layout does not leave out.
  var storedCount: Int {
    mask.map { BitPacking.bits($0.values(as: UInt8.self), count: shape.elementCount).count(where: { $0 }) }
      ?? shape.elementCount
  }
}
