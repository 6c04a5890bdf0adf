/// The steps of `WaveletDenoising` for the newest value of a window, for many columns at once.
///
/// Numbers lie in planes: one plane holds a number of each column, eight columns a block. What the steps need of each other is laid
/// out once; a run reads and writes planes, and allocates nothing. Of the inverse transform only what the newest value is made of is
/// computed.
struct DenoisingPlan: Sendable {
  typealias Block = SIMD8<Double>

  /// One level of the transform. Places are those of planes.
  private struct Level: Sendable {
    /// Where its signal begins: the approximations of the level before; nil for the window, which moves.
    let signal: Int?
    let signalCount: Int
    /// From which value on the inverse has to give the signal back.
    let firstNeeded: Int
    let approximation: Int
    let detail: Int
    let coefficients: Range<Int>
    /// Per coefficient and tap the value of the signal that it reads.
    let sources: [Int]
  }

  let blocks: Int
  let window: Int
  /// Planes that a run needs: first twice the window, each row `window` apart from itself, then what the steps work on.
  let planeCount: Int
  /// The plane in which a run leaves the newest denoised value.
  let result: Int

  private let low: [Double]
  private let high: [Double]
  private let levels: [Level]
  private let comparisons: [SortingNetwork.Comparison]
  private let sizes: Int
  private let sizeCount: Int
  private let thresholds: Int
  private let universal: Double

  /// - Parameter blocks: groups of eight columns.
  init(_ denoising: WaveletDenoising, blocks: Int) {
    let wavelet = denoising.wavelet
    (low, high, window, self.blocks) = (wavelet.scaling, wavelet.detail, denoising.window, blocks)
    universal = WaveletDenoising.universalFactor(of: window)
    var levels: [Level] = []
    var (planes, signal, signalCount, needed) = (2 * window, Int?.none, window, window - 1)
    for index in 0..<denoising.levels {
      let count = wavelet.coefficientCount(of: signalCount)
      // A value is made of the coefficients from half its place on. All details are needed of the finest level, for the median,
      // and all approximations of a level that is split again.
      let isSplitOrFinest = index == 0 || index < denoising.levels - 1
      let coefficients = (isSplitOrFinest ? 0 : needed / 2)..<count
      let taps = low.count
      levels.append(
        Level(
          signal: signal, signalCount: signalCount, firstNeeded: needed, approximation: planes, detail: planes + count,
          coefficients: coefficients,
          sources: (0..<count * taps).map { Wavelet.mirrored(Wavelet.place($0 / taps, $0 % taps, of: taps), in: signalCount) }))
      (signal, signalCount, needed) = (planes, count, needed / 2)
      planes += 2 * count
    }
    self.levels = levels
    sizeCount = wavelet.coefficientCount(of: window)
    comparisons = SortingNetwork.comparisons(of: sizeCount)
    sizes = planes
    thresholds = sizes + sizeCount
    result = thresholds + 1
    planeCount = result + 1
  }

  /// Denoises the newest value of each column.
  ///
  /// - Parameters:
  ///   - planes: `planeCount · blocks`.
  ///   - newest: the plane of the newest row, `window ..< 2 · window`.
  func run(on planes: inout [Block], newest: Int) {
    planes.withUnsafeMutableBufferPointer { planes in
      for level in levels { analyze(level, planes, window: newest - window + 1) }
      findThresholds(planes)
      for level in levels.reversed() { synthesize(level, planes) }
    }
  }

  private func analyze(_ level: Level, _ planes: UnsafeMutableBufferPointer<Block>, window: Int) {
    let signal = level.signal ?? window
    for coefficient in level.coefficients {
      for block in 0..<blocks {
        var (approximation, detail) = (Block.zero, Block.zero)
        for tap in low.indices {
          let value = planes[(signal + level.sources[coefficient * low.count + tap]) * blocks + block]
          approximation += low[tap] * value
          detail += high[tap] * value
        }
        planes[(level.approximation + coefficient) * blocks + block] = approximation
        planes[(level.detail + coefficient) * blocks + block] = detail
      }
    }
  }

  private func findThresholds(_ planes: UnsafeMutableBufferPointer<Block>) {
    for place in 0..<sizeCount * blocks {
      let detail = planes[levels[0].detail * blocks + place]
      planes[sizes * blocks + place] = detail.replacing(with: -detail, where: detail .< 0)
    }
    for comparison in comparisons {
      for block in 0..<blocks {
        let (lower, upper) = ((sizes + comparison.lower) * blocks + block, (sizes + comparison.upper) * blocks + block)
        let (one, other) = (planes[lower], planes[upper])
        let isSwapped = other .< one
        planes[lower] = one.replacing(with: other, where: isSwapped)
        planes[upper] = other.replacing(with: one, where: isSwapped)
      }
    }
    let middle = (sizes + (sizeCount - 1) / 2, sizes + sizeCount / 2)
    for block in 0..<blocks {
      let median = (planes[middle.0 * blocks + block] + planes[middle.1 * blocks + block]) / 2
      planes[thresholds * blocks + block] = median / WaveletDenoising.gaussian * universal
    }
  }

  /// Puts a level's signal together again from the place on that is needed: in place of the approximations of the level before, and
  /// of the window its newest value in `result`.
  private func synthesize(_ level: Level, _ planes: UnsafeMutableBufferPointer<Block>) {
    let needed = level.firstNeeded..<level.signalCount
    let target = level.signal ?? result - level.firstNeeded
    for place in needed.lowerBound * blocks..<needed.upperBound * blocks { planes[target * blocks + place] = .zero }
    for coefficient in needed.lowerBound / 2..<level.coefficients.upperBound {
      for tap in low.indices {
        let place = Wavelet.place(coefficient, tap, of: low.count)
        guard needed.contains(place) else { continue }
        for block in 0..<blocks {
          let detail = planes[(level.detail + coefficient) * blocks + block]
          let threshold = planes[thresholds * blocks + block]
          let (above, below) = (detail - threshold, detail + threshold)
          let positive = above.replacing(with: 0, where: above .< 0)
          let shrunk = positive.replacing(with: below.replacing(with: 0, where: below .> 0), where: detail .< 0)
          let approximation = planes[(level.approximation + coefficient) * blocks + block]
          planes[(target + place) * blocks + block] += low[tap] * approximation + high[tap] * shrunk
        }
      }
    }
  }
}
