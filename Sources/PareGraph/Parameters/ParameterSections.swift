import PareTensor

/// What a file holds for a parameter.
extension ParameterStorage {
  /// A section as it lies in memory: items of `itemBits` bits one behind another, as a tensor.
  package struct Section {
    package let suffix: String
    package let tensor: Tensor
    package let itemBits: Int
    package let itemCount: Int
    /// A table stays as it is: a file says how long it is by its shape alone.
    package var isCodable: Bool { suffix != ParameterStorage.tableSuffix }
  }

  static let tableSuffix = ".codebook"
  /// What the name of a coded section ends in.
  package static let codeSuffix = ".coded"

  /// Bytes of memory that a byte of a tensor with that name can stand for.
  package static func maximumRatio(ofSection name: String) -> Int {
    name.hasSuffix(codeSuffix) ? SectionCoding.maximumRatio : 1
  }

  /// The sections, uncoded, in their order.
  package var plainSections: [Section] {
    var sections: [Section] = []
    if let mask { sections.append(Section(suffix: ".mask", tensor: mask, itemBits: 1, itemCount: shape.elementCount)) }
    sections.append(Section(suffix: element.suffix(layout), tensor: values, itemBits: element.bitCount, itemCount: storedCount / element.dimension))
    if let codebook {
      sections.append(Section(suffix: Self.tableSuffix, tensor: codebook, itemBits: 32, itemCount: codebook.elementCount))
    }
    return sections
  }

  /// The tensors that a file holds for a parameter, each under the parameter's name plus `suffix`.
  public var sections: [(suffix: String, tensor: Tensor)] {
    plainSections.map { section in
      codes[section.suffix].map { (section.suffix + Self.codeSuffix, $0) } ?? (section.suffix, section.tensor)
    }
  }

  /// The same numbers with every section coded that grows shorter by it; uncoded where that saves no more than `overhead` bytes.
  public func entropyCoded(overhead: Int = 0) -> ParameterStorage {
    var result = uncoded()
    for section in plainSections where section.isCodable {
      let code = section.tensor.withUnsafeBytes {
        SectionCoding.encode($0, itemBits: section.itemBits, count: section.itemCount)
      }
      if code.count < section.tensor.byteCount { result.codes[section.suffix] = Tensor(code) }
    }
    return byteCountUncoded - result.byteCount > overhead ? result : uncoded()
  }

  /// The same numbers with no section coded.
  public func uncoded() -> ParameterStorage {
    var result = self
    result.codes = [:]
    return result
  }

  /// Bytes of all sections together, were none of them coded.
  public var byteCountUncoded: Int { plainSections.reduce(0) { $0 + $1.tensor.byteCount } }

  /// Puts a parameter together from the sections of a file, checking every one.
  ///
  /// - Parameters:
  ///   - name: the parameter's, for messages.
  ///   - section: the tensor under a suffix, or nil where the file has none.
  /// - Throws: `GraphError` `graph.parameter-section`, naming the section.
  public init(
    name: String, shape: Shape, layout: Layout, element: Element, coding: Coding = .none, section: (String) -> Tensor?
  ) throws {
    var reader = SectionReader(name: name, coding: coding)
    let count = shape.elementCount
    var stored = count
    self.shape = shape
    self.layout = layout
    self.element = element
    switch layout {
    case .dense: mask = nil
    case .bitmask:
      let bits = try reader.bits(".mask", itemBits: 1, count: count, from: section)
      stored = bits.values(as: UInt8.self).reduce(0) { $0 + $1.nonzeroBitCount }
      mask = bits
    }
    let suffix = element.suffix(layout)
    switch element {
    case .plain(let type) where !type.isFourBit:
      let expected = layout == .dense ? shape : [stored]
      values = try reader.tensor(suffix, type, expected, itemBits: element.bitCount, from: section)
      codebook = nil
    case .plain, .sign:
      values = try reader.bits(suffix, itemBits: element.bitCount, count: stored, from: section)
      codebook = nil
    case .codebook(let bits, let dimension, let groups):
      let table = try reader.table(element, of: shape, layout, from: section)
      values = try reader.bits(suffix, itemBits: bits, count: stored / dimension, from: section)
      let indices = BitPacking.unpack(values.values(as: UInt8.self), bits: bits, count: stored / dimension)
      let length = table.shape[groups == nil ? 0 : 1]
      if let beyond = indices.first(where: { $0 >= length }) {
        throw reader.refusal(expected: "indices below \(length)", found: "\(beyond)")
      }
      codebook = table
    }
    codes = reader.codes
    guard self.coding == coding else { throw reader.refusal(expected: "a coded section", found: "none") }
  }
}

extension ParameterStorage.Element {
  /// Bits of a stored element.
  package var bitCount: Int {
    switch self {
    case .plain(let type): type.bitCount
    case .codebook(let bits, _, _): bits
    case .sign: 1
    }
  }

  /// Elements that a stored item stands for.
  var dimension: Int {
    if case .codebook(_, let dimension, _) = self { dimension } else { 1 }
  }

  /// What the name of the section of stored elements ends in.
  func suffix(_ layout: ParameterStorage.Layout) -> String {
    switch self {
    case .plain(let type): type.isFourBit ? ".packed" : layout == .dense ? "" : ".values"
    case .codebook: ".indices"
    case .sign: ".signs"
    }
  }
}
