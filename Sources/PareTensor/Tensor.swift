/// A row-major tensor that owns its elements: a value, copied on write.
public struct Tensor: Sendable {
  public let elementType: ElementType
  public let shape: Shape
  private var storage: TensorStorage

  /// A tensor of zeros.
  public init(zeros elementType: ElementType, shape: Shape) {
    self.elementType = elementType
    self.shape = shape
    storage = TensorStorage(byteCount: shape.elementCount * elementType.byteCount)
  }

  /// - Precondition: `values.count` is the element count of `shape`.
  public init<Element: TensorElement>(_ values: [Element], shape: Shape) {
    precondition(values.count == shape.elementCount, "\(values.count) values for shape \(shape)")
    self.init(zeros: Element.elementType, shape: shape)
    values.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
  }

  /// A vector.
  public init<Element: TensorElement>(_ values: [Element]) {
    self.init(values, shape: [values.count])
  }

  /// A tensor of rank 0.
  public init<Element: TensorElement>(scalar value: Element) {
    self.init([value], shape: [])
  }

  /// From the little-endian bytes of its elements; for bool, whatever is not zero is true.
  ///
  /// - Precondition: `bytes.count` is the element count times the element's size.
  public init(elementType: ElementType, shape: Shape, bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == shape.elementCount * elementType.byteCount, "\(bytes.count) bytes for shape \(shape)")
    self.init(zeros: elementType, shape: shape)
    storage.bytes.copyMemory(from: bytes)
    // A Swift Bool may hold no other bits than these.
    if elementType == .bool { for index in storage.bytes.indices where storage.bytes[index] != 0 { storage.bytes[index] = 1 } }
  }

  public var elementCount: Int { shape.elementCount }
  public var byteCount: Int { elementCount * elementType.byteCount }

  /// The elements as an array.
  ///
  /// - Precondition: `Element` is the tensor's element type.
  public func values<Element: TensorElement>(as type: Element.Type = Element.self) -> [Element] {
    withUnsafeElements(as: type) { Array($0) }
  }

  /// Every element converted to Float64; integers beyond 2^53 are rounded.
  public var doubles: [Double] {
    switch elementType {
    case .float32: values(as: Float.self).map { Double($0) }
    case .float64: values(as: Double.self)
    case .float16: values16.map { Double(Float16Bits.toFloat($0)) }
    case .bfloat16: values16.map { Double(BFloat16Bits.toFloat($0)) }
    case .int4: withUnsafeBytes { $0.map { Double(Int8(bitPattern: $0)) } }
    case .uint4: withUnsafeBytes { $0.map { Double($0) } }
    case .int8: values(as: Int8.self).map { Double($0) }
    case .uint8: values(as: UInt8.self).map { Double($0) }
    case .int16: values(as: Int16.self).map { Double($0) }
    case .uint16: values(as: UInt16.self).map { Double($0) }
    case .int32: values(as: Int32.self).map { Double($0) }
    case .uint32: values(as: UInt32.self).map { Double($0) }
    case .int64: values(as: Int64.self).map { Double($0) }
    case .uint64: values(as: UInt64.self).map { Double($0) }
    case .bool: values(as: Bool.self).map { $0 ? 1 : 0 }
    }
  }

  public func withUnsafeElements<Element: TensorElement, Result>(
    as type: Element.Type = Element.self, _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    precondition(Element.elementType == elementType, "tensor holds \(elementType), not \(Element.elementType)")
    return try body(UnsafeBufferPointer(storage.bytes.bindMemory(to: Element.self)))
  }

  /// Mutates the elements in place; memory shared with another tensor is copied first.
  public mutating func withUnsafeMutableElements<Element: TensorElement, Result>(
    as type: Element.Type = Element.self, _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    precondition(Element.elementType == elementType, "tensor holds \(elementType), not \(Element.elementType)")
    makeUnique()
    return try body(storage.bytes.bindMemory(to: Element.self))
  }

  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(storage.bytes))
  }

  public mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    makeUnique()
    return try body(storage.bytes)
  }

  /// The same elements under another shape.
  ///
  /// - Precondition: the element counts agree.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.elementCount == elementCount, "cannot reshape \(self.shape) to \(shape)")
    return Tensor(elementType: elementType, shape: shape, storage: storage)
  }

  private init(elementType: ElementType, shape: Shape, storage: TensorStorage) {
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
  }

  private mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = TensorStorage(byteCount: storage.bytes.count)
    copy.bytes.copyMemory(from: UnsafeRawBufferPointer(storage.bytes))
    storage = copy
  }

  private var values16: [UInt16] {
    withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
  }
}

/// Equal types, shapes and bits; so a NaN equals the same NaN, and 0 differs from −0.
extension Tensor: Equatable {
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.elementType == right.elementType && left.shape == right.shape
      && left.withUnsafeBytes { a in right.withUnsafeBytes { b in a.elementsEqual(b) } }
  }
}

/// Zeroed memory aligned to a cache line. Shared only while nobody writes (`Tensor.makeUnique`).
private final class TensorStorage: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    bytes.deallocate()
  }
}
