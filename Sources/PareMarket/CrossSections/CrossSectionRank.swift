/// Classes by rank among the symbols of one decision time.
enum CrossSectionRank {
  /// Per row: buy (2) for the top `share` of the forward returns at its time, sell (0) for the bottom one, hold (1)
  /// between; −1 without a return, or where the row is alone with one.
  ///
  /// Of `n` returns the `max(1, ⌊share · n⌋)`-th from either end is the bound, and counts. Equal returns get equal classes:
  /// those that tie with a bound all lie on its side, and where both bounds are one value all are hold.
  ///
  /// - Parameters:
  ///   - returns: NaN where there is none.
  ///   - times: ascending, one per return.
  static func classes(of returns: [Double], times: [Int64], share: Double) -> [Int32] {
    var classes = [Int32](repeating: -1, count: returns.count)
    var start = 0
    while start < times.count {
      let end = times[start...].firstIndex { $0 != times[start] } ?? times.count
      defer { start = end }
      let ranked = returns[start..<end].filter { !$0.isNaN }.sorted()
      guard ranked.count >= 2 else { continue }
      let count = max(1, Int(share * Double(ranked.count)))
      let (bottom, top) = (ranked[count - 1], ranked[ranked.count - count])
      for row in start..<end where !returns[row].isNaN {
        classes[row] = bottom == top ? 1 : returns[row] >= top ? 2 : returns[row] <= bottom ? 0 : 1
      }
    }
    return classes
  }
}
