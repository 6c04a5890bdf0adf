/// Comparisons that sort whatever the values are, so that many lists can be sorted side by side.
enum SortingNetwork {
  /// Two places of which the lesser value goes to the lower one.
  struct Comparison: Sendable, Hashable {
    let lower: Int
    let upper: Int
  }

  /// Batcher's merge exchange for any number of values, `n log²n / 4` comparisons.
  ///
  /// - Source: Knuth 1998, The Art of Computer Programming, volume 3, §5.2.2, algorithm M.
  static func comparisons(of count: Int) -> [Comparison] {
    guard count > 1 else { return [] }
    var result: [Comparison] = []
    let highest = 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    var p = highest
    while p > 0 {
      var (q, r, distance) = (highest, 0, p)
      while true {
        for place in 0..<max(count - distance, 0) where place & p == r {
          result.append(Comparison(lower: place, upper: place + distance))
        }
        guard q != p else { break }
        (distance, q, r) = (q - p, q / 2, p)
      }
      p /= 2
    }
    return result
  }
}
