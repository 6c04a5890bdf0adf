import RealModule

/// Searches over a histogram for the range that an activation is best cut to.
///
/// Candidates are the range from the smallest number to the largest with its ends drawn in, so what they choose is never
/// worse, by their own measure, than `min-max`.
enum RangeSearch {
  /// Ends that are tried on either side, evenly from nothing to all of it.
  private static let candidates = 64

  /// The range with the least `Σ (x − Q(x))²`, each number taken to be in the middle of its bin.
  ///
  /// The ends are searched in turn, twice; a symmetric map has one.
  ///
  /// - Source: Banner et al. 2019, arXiv:1810.05723, §3 (with the histogram in the place of a model of it).
  static func leastSquaredError(of histogram: StreamingHistogram, onto grid: ActivationGrid) -> ClosedRange<Double> {
    let bins = histogram.occupiedBins
    var best = histogram.minimum...histogram.maximum
    var least = squaredError(bins, grid.map(covering: best))
    func attempt(_ range: ClosedRange<Double>) {
      let error = squaredError(bins, grid.map(covering: range))
      if error < least { (best, least) = (range, error) }
    }
    let (lower, upper) = (min(histogram.minimum, 0), max(histogram.maximum, 0))
    if grid.symmetry == .symmetric {
      let reach = max(-lower, upper)
      for step in 1...candidates {
        let end = reach * Double(step) / Double(candidates)
        attempt(max(lower, -end)...min(upper, end))
      }
      return best
    }
    for _ in 0..<2 {
      for step in 1...candidates where upper > 0 {
        attempt(min(best.lowerBound, 0)...upper * Double(step) / Double(candidates))
      }
      for step in 1...candidates where lower < 0 {
        attempt(lower * Double(step) / Double(candidates)...max(best.upperBound, 0))
      }
    }
    return best
  }

  private static func squaredError(_ bins: [StreamingHistogram.Bin], _ map: AffineMap) -> Double {
    bins.reduce(0) { sum, bin in
      let error = bin.middle - map.real(of: map.integer(of: bin.middle))
      return sum + Double(bin.count) * error * error
    }
  }

  /// The range within ±t for which the distribution that the integers can hold diverges least from the one that is there.
  ///
  /// P: the bins within, what lies beyond counted to the outermost. Q: what each integer gets of the bins within, spread
  /// evenly over those of its bins that hold something; the bin of 0, which every map holds exactly and a Relu fills, is by
  /// itself. The measure is `Σ P log(P / Q)`, less what it is expected to be between a
  /// smooth distribution and a sample of it: half the bins over the integers for each number (Miller 1955, on the bias of entropy
  /// estimates). Without that, a narrow range of few bins would always seem the better one where numbers are few.
  ///
  /// - Source: Migacz 2017, 8-bit inference with TensorRT (GTC), with two ends.
  static func leastDivergence(of histogram: StreamingHistogram, onto grid: ActivationGrid) -> ClosedRange<Double> {
    let whole = histogram.minimum...histogram.maximum
    // A shape that fewer numbers than a few for each integer show is none.
    guard histogram.count >= 8 * grid.format.range.count else { return whole }
    let bins = histogram.occupiedBins
    let reach = max(histogram.minimum.magnitude, histogram.maximum.magnitude)
    var best = whole
    var least = divergence(bins, within: whole, grid) ?? .infinity
    for step in (1..<2 * candidates).reversed() {
      let end = reach * Double(step) / Double(2 * candidates)
      let range = max(min(histogram.minimum, 0), -end)...min(max(histogram.maximum, 0), end)
      // With fewer bins than integers nothing would be merged, and the histogram could not tell.
      guard range.upperBound - range.lowerBound >= Double(grid.format.range.count) * histogram.binWidth else { break }
      if let divergence = divergence(bins, within: range, grid), divergence < least { (best, least) = (range, divergence) }
    }
    return best
  }

  /// nil where the range holds nothing.
  private static func divergence(
    _ bins: [StreamingHistogram.Bin], within range: ClosedRange<Double>, _ grid: ActivationGrid
  ) -> Double? {
    let map = grid.map(covering: range)
    var inside: [StreamingHistogram.Bin] = []
    var (below, above) = (0, 0)
    for bin in bins {
      if bin.middle < range.lowerBound - bin.width / 2 {
        below += bin.count
      } else if bin.middle > range.upperBound + bin.width / 2 {
        above += bin.count
      } else {
        inside.append(bin)
      }
    }
    guard !inside.isEmpty else { return nil }
    let zero = map.integers.count
    var held = [Int](repeating: 0, count: zero + 1)
    var occupied = [Int](repeating: 0, count: zero + 1)
    let levels = inside.map { bin in
      bin.middle >= 0 && bin.middle < bin.width ? zero : map.integer(of: bin.middle) - map.integers.lowerBound
    }
    for (bin, level) in zip(inside, levels) {
      held[level] += bin.count
      occupied[level] += 1
    }
    let within = Double(inside.reduce(0) { $0 + $1.count })
    let total = within + Double(below + above)
    var sum = 0.0
    for (index, (bin, level)) in zip(inside, levels).enumerated() {
      let beyond = (index == 0 ? below : 0) + (index == inside.count - 1 ? above : 0)
      let p = Double(bin.count + beyond) / total
      let q = Double(held[level]) / Double(occupied[level]) / within
      sum += p * Double.log(p / q)
    }
    return sum - Double(inside.count - occupied.count { $0 > 0 }) / (2 * within)
  }
}
