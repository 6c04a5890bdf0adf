/// Memory that several packed arrays are written to at once before they are placed.
final class Scratch<Element: BitwiseCopyable & ExpressibleByIntegerLiteral> {
  let start: UnsafeMutablePointer<Element>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    start = .allocate(capacity: max(count, 1))
    start.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { start.deallocate() }

  func place(in pool: ConstantPool) -> UnsafePointer<Element>? {
    pool.place(max(count, 1)) { $0.update(from: start, count: max(count, 1)) }
  }
}
