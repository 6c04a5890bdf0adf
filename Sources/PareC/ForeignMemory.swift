/// Texts and tables that C reads for as long as the handle that owns this lasts.
///
/// Written while its owner is made, then only read.
final class ForeignMemory: @unchecked Sendable {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// The text in UTF-8 with a NUL behind it.
  func text(_ text: String) -> UnsafePointer<CChar> {
    let utf8 = Array(text.utf8) + [0]
    return UnsafePointer(place(utf8.map { CChar(bitPattern: $0) }))
  }

  func table<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> { UnsafePointer(place(values)) }

  private func place<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
    memory.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(memory))
    return memory
  }
}
