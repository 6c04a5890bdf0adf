import PareTensor

/// Copies elements that lie at regular strides into a dense block: neighbours in runs, others one by one.
struct StridedCopy: Sendable {
  private let outer: StridedLoop
  private let count: Int
  private let stride: Int
  private let size: Int

  /// - Parameters:
  ///   - shape: of the block.
  ///   - strides: of each of its axes in what is copied from, in elements.
  ///   - elementSize: in bytes.
  init(_ shape: Shape, strides: [Int], elementSize: Int) {
    // Neighbouring axes that are walked as one become one.
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(shape.dimensions, strides) where extent != 1 {
      if let last = axes.last, last.stride == stride * extent {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    let inner = axes.popLast() ?? (1, 1)
    outer = StridedLoop(Shape(axes.map(\.extent)), strides: axes.map(\.stride))
    count = inner.extent
    stride = inner.stride
    size = elementSize
  }

  func callAsFunction(from source: UnsafeRawPointer, to block: UnsafeMutableRawPointer) {
    guard stride != 1 else {
      return outer.forEach { (block + $0 * count * size).copyMemory(from: source + $1 * size, byteCount: count * size) }
    }
    switch size {
    case 1: copy(UInt8.self, source, block)
    case 2: copy(UInt16.self, source, block)
    case 4: copy(UInt32.self, source, block)
    default: copy(UInt64.self, source, block)
    }
  }

  @inline(__always)
  private func copy<Element: BitwiseCopyable>(
    _: Element.Type, _ source: UnsafeRawPointer, _ block: UnsafeMutableRawPointer
  ) {
    let (from, to) = (source.assumingMemoryBound(to: Element.self), block.assumingMemoryBound(to: Element.self))
    outer.forEach { position, offset in
      let (first, row) = (from + offset, to + position * count)
      for index in 0..<count { row[index] = first[index * stride] }
    }
  }
}
