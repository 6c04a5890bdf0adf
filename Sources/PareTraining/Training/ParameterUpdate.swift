import PareTensor

/// From the pieces' gradients to new parameters: sum, mask, limits, optimizer. Works block by block, so that what one
/// pass leaves in the cache the next finds there, and blocks may be worked on by several threads.
final class ParameterUpdate {
  /// Elements of a block: six vectors of that length fit into a core's cache.
  private static let blockLength = 1 << 14
  /// Blocks from which on it pays to share them among threads.
  private static let leastSharedBlocks = 16

  let parameters: ParameterVector
  /// One per piece of a batch; the sum comes to lie in the first.
  let gradients: [ParameterVector]
  let optimizer: OptimizerState
  private let kernels: TrainingKernels
  private let valueLimit: Float?
  private let normLimit: Double?
  /// 1 where an element may change; nil where all may.
  private let mask: UnsafeMutableBufferPointer<UInt8>?
  /// Of each block: the gradient's sum of squares.
  private let squares: UnsafeMutableBufferPointer<Double>
  /// Whether the parameters that are to be frozen are so now: neither do they move, nor does the norm count them.
  var isFrozen = false
  private var scale: Float = 1

  init(
    _ parameters: ParameterVector, pieceCount: Int, mask: [UInt8]?, settings: TrainingSettings, kernels: TrainingKernels
  ) {
    self.parameters = parameters
    self.kernels = kernels
    gradients = (0..<pieceCount).map { _ in ParameterVector(parameters.layout) }
    optimizer = OptimizerState(settings.optimizer, layout: parameters.layout, kernels: kernels)
    valueLimit = settings.gradientValue.map { Float($0) }
    normLimit = settings.gradientNorm
    self.mask = mask.map { values in
      let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: values.count)
      _ = copy.initialize(from: values)
      return copy
    }
    squares = .allocate(capacity: Self.blockCount(parameters.layout.elementCount))
    squares.initialize(repeating: 0)
  }

  deinit {
    mask?.deallocate()
    squares.deallocate()
  }

  /// Whether several threads should share the work.
  var isShared: Bool { squares.count >= Self.leastSharedBlocks }
  /// Whether the whole gradient has to be known before the first element may move.
  var needsWholeGradient: Bool { normLimit != nil || optimizer.isLayerwise }

  private static func blockCount(_ elements: Int) -> Int { (elements + blockLength - 1) / blockLength }

  /// Elements that move.
  private var count: Int { isFrozen ? parameters.layout.lastingCount : parameters.layout.elementCount }

  /// Begins a step; `collect` and `apply` then go over the blocks.
  func begin(rateFactor: Double) {
    scale = 1
    optimizer.begin(rateFactor: rateFactor)
  }

  /// Adds up the pieces' gradients, masks and cuts them.
  ///
  /// - Parameter pieces: of this batch.
  func collect(pieces: Int, thread: Int = 0, of threadCount: Int = 1) {
    forEachBlock(thread, threadCount) { collect($0, $1, pieces: pieces) }
  }

  /// Between `collect` and `apply`; nothing where there is no limit to the norm.
  func limitNorm() {
    guard let normLimit else { return }
    let norm = squares.prefix(Self.blockCount(count)).reduce(0, +).squareRoot()
    scale = norm > normLimit ? Float(normLimit / norm) : 1
  }

  /// Moves the parameters.
  func apply(thread: Int = 0, of threadCount: Int = 1) {
    guard optimizer.isLayerwise else { return forEachBlock(thread, threadCount) { apply($1, index: $0) } }
    let entries = parameters.layout.entries
    for index in stride(from: thread, to: entries.count, by: threadCount) where entries[index].offset < count {
      let entry = entries[index]
      if scale != 1 { kernels.optimizer.scale(gradients[0].address(of: entry), scale, entry.shape.elementCount) }
      optimizer.apply(to: entry, parameters, gradients[0])
    }
  }

  /// Both at once, where no block waits for another.
  func collectAndApply(pieces: Int, thread: Int = 0, of threadCount: Int = 1) {
    forEachBlock(thread, threadCount) { index, range in
      collect(index, range, pieces: pieces)
      apply(range, index: index)
    }
  }

  private func forEachBlock(_ thread: Int, _ threadCount: Int, _ body: (Int, Range<Int>) -> Void) {
    let blocks = Self.blockCount(count)
    let share = blocks * thread / threadCount..<blocks * (thread + 1) / threadCount
    for index in share {
      let start = index * Self.blockLength
      body(index, start..<min(start + Self.blockLength, count))
    }
  }

  private func collect(_ index: Int, _ range: Range<Int>, pieces: Int) {
    guard let gradient = gradients[0].elements.baseAddress.map({ $0 + range.lowerBound }) else { return }
    for piece in 1..<max(pieces, 1) {
      kernels.optimizer.accumulate(gradient, gradients[piece].elements.baseAddress.map { $0 + range.lowerBound }, range.count)
    }
    if let mask { kernels.optimizer.keep(gradient, mask.baseAddress.map { $0 + range.lowerBound }, range.count) }
    if let valueLimit { kernels.optimizer.limit(gradient, valueLimit, range.count) }
    if normLimit != nil { squares[index] = Double(kernels.reduction.sum_of_squares(gradient, range.count)) }
  }

  private func apply(_ range: Range<Int>, index: Int) {
    if scale != 1 {
      kernels.optimizer.scale(gradients[0].elements.baseAddress.map { $0 + range.lowerBound }, scale, range.count)
    }
    optimizer.apply(to: range, parameters, gradients[0])
  }
}
