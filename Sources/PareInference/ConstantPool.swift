import CPareKernels

/// What a plan holds besides its steps: packed weights and operands, in one block, each at a multiple of a cache line.
///
/// Filled in two passes of the same code: the first counts, the second writes. Written to only while a plan is built.
final class ConstantPool: @unchecked Sendable {
  static let alignment = 64
  /// Bytes from which on greater pages are worth asking for: half of one.
  private static let leastForGreatPages = 1 << 20

  private let memory: UnsafeMutableRawPointer?
  private(set) var byteCount = 0

  /// A pool that counts.
  init() {
    memory = nil
  }

  /// A pool that holds `capacity` bytes.
  init(capacity: Int) {
    let memory: UnsafeMutableRawPointer
    if capacity >= Self.leastForGreatPages {
      let page = Int(PARE_GREAT_PAGE)
      let byteCount = (capacity + page - 1) / page * page
      memory = .allocate(byteCount: byteCount, alignment: page)
      pare_ask_for_great_pages(memory, byteCount)
    } else {
      memory = .allocate(byteCount: max(capacity, 1), alignment: Self.alignment)
    }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    self.memory = memory
  }

  deinit {
    memory?.deallocate()
  }

  /// Takes room for `count` elements, zeroed, and lets `fill` write them in the second pass.
  ///
  /// - Returns: where they lie, or nil in the first pass.
  @discardableResult
  func place<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type = Element.self, _ fill: (UnsafeMutablePointer<Element>) -> Void
  ) -> UnsafePointer<Element>? {
    let offset = byteCount
    byteCount += (count * MemoryLayout<Element>.stride + Self.alignment - 1) / Self.alignment * Self.alignment
    guard let memory else { return nil }
    let start = (memory + offset).bindMemory(to: Element.self, capacity: count)
    fill(start)
    return UnsafePointer(start)
  }

  /// Where that will lie which is placed after the next structure of a type; nil in the first pass.
  func address<Element: BitwiseCopyable>(behindNext type: Element.Type) -> UnsafeRawPointer? {
    let room = (MemoryLayout<Element>.stride + Self.alignment - 1) / Self.alignment * Self.alignment
    return memory.map { UnsafeRawPointer($0 + byteCount + room) }
  }

  /// Places an array, padded with `padding` up to `count`.
  func place<Element: BitwiseCopyable>(
    _ values: [Element], paddedTo count: Int, with padding: Element
  ) -> UnsafePointer<Element>? {
    place(max(count, values.count)) { start in
      for index in 0..<max(count, values.count) { start[index] = index < values.count ? values[index] : padding }
    }
  }

  /// Places one structure.
  func place<Element: BitwiseCopyable>(_ value: Element) -> UnsafeRawPointer? {
    place(1) { $0.pointee = value }.map { UnsafeRawPointer($0) }
  }
}
