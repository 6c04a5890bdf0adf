extension CrossSections {
  /// The same with every number of a cell as a z-score among the symbols that are there at its time.
  ///
  /// `z = (x − mean) / deviation`, both over the symbols of the time that have a row, the deviation that of the population, all in
  /// Double; then bounded by ±`clip`. Where all are equal, as where one is alone, z is 0. Of windows each candle's
  /// numbers stand by themselves. Absent cells stay 0 and influence nobody. In whichever order symbols come, each gets the same
  /// bits (`ReproducibleSum`). Labels and forward returns stay as they are.
  ///
  /// Nothing but the features of the same time is read, so what is computed live equals what is computed here.
  ///
  /// - Parameter clip: positive.
  public func standardized(clip: Float = 3) -> CrossSections {
    precondition(clip > 0, "a positive bound")
    var scores = features
    var sample: [Double] = []
    sample.reserveCapacity(symbolCount)
    for time in 0..<timeCount {
      let present = (time * symbolCount..<(time + 1) * symbolCount).filter { mask[$0] }
      for number in 0..<width {
        sample.removeAll(keepingCapacity: true)
        for cell in present { sample.append(Double(features[cell * width + number])) }
        let moments = CrossSectionMoments(sample)
        for (value, cell) in zip(sample, present) {
          scores[cell * width + number] = min(max(Float(moments?.score(of: value) ?? 0), -clip), clip)
        }
      }
    }
    return CrossSections(self, features: scores)
  }

  /// The forward returns as z-scores among those of their time: what a regression over the cross-section learns.
  ///
  /// Row-major `[times, symbols]`; mean and deviation as in `standardized`, without a bound. NaN where a cell has no forward return, and at
  /// a whole time where fewer than 3 have one or all are equal.
  public var returnsZScored: [Double] {
    var scores = [Double](repeating: .nan, count: forwardReturns.count)
    for time in 0..<timeCount {
      let cells = (time * symbolCount..<(time + 1) * symbolCount).filter { !forwardReturns[$0].isNaN }
      guard cells.count >= 3, let moments = CrossSectionMoments(cells.map { forwardReturns[$0] }) else { continue }
      for cell in cells { scores[cell] = moments.score(of: forwardReturns[cell]) }
    }
    return scores
  }
}

/// Mean and deviation of one number over the symbols of a time, whatever their order.
private struct CrossSectionMoments {
  private let mean: Double
  private let deviation: Double

  /// Nil where the values do not differ.
  init?(_ values: [Double]) {
    guard let first = values.first, values.contains(where: { $0 != first }) else { return nil }
    let count = Double(values.count)
    let mean = ReproducibleSum.of(values) { $0 } / count
    let variance = ReproducibleSum.of(values) { ($0 - mean) * ($0 - mean) } / count
    guard variance > 0 else { return nil }
    (self.mean, deviation) = (mean, variance.squareRoot())
  }

  func score(of value: Double) -> Double { (value - mean) / deviation }
}

/// Sums that do not depend on the order of their terms.
enum ReproducibleSum {
  /// The sum of `term(value)` over the values, the same bits in every order.
  ///
  /// Each term is rounded to a multiple of one quantum, which the largest of them sets so that all partial sums of such multiples are
  /// exact. Error: at most `count² · 2⁻⁵¹` times the largest term's size.
  ///
  /// - Source: the rounding by a large constant of Demmel and Nguyen 2013, Fast Reproducible Floating-Point Summation, with one bin.
  static func of(_ values: [Double], _ term: (Double) -> Double) -> Double {
    var largest = 0.0
    for value in values { largest = max(largest, abs(term(value))) }
    guard largest > 0, largest.isFinite else { return 0 }
    // A power of two that no partial sum reaches, so that terms near 1.5 times it are a quantum of 2⁻⁵² times it apart.
    let bound = Double(sign: .plus, exponent: (largest * Double(values.count)).exponent + 2, significand: 1)
    let anchor = 1.5 * bound
    var sum = 0.0
    for value in values { sum += (term(value) + anchor) - anchor }
    return sum
  }
}
