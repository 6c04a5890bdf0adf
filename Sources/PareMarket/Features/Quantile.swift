/// Quantiles of samples.
package enum Quantile {
  /// The value below which a share of a sample lies, by a straight line between order statistics, `share · (n − 1)` places from the least.
  ///
  /// - Parameter sorted: ascending, at least one.
  package static func interpolated(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = min(Int(place), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// As `interpolated(_:of:)`, of values in any order, which it moves about: nothing is allocated, and the cost is linear in
  /// `count` for all but contrived orders.
  ///
  /// - Precondition: `count` is 1 to `values.count`, and none of the values is NaN.
  static func interpolated(_ share: Double, ofFirst count: Int, in values: inout [Double]) -> Double {
    let place = share * Double(count - 1)
    let rank = min(Int(place), count - 1)
    select(rank, ofFirst: count, in: &values)
    guard rank + 1 < count else { return values[rank] }
    var above = values[rank + 1]
    for index in rank + 2..<count { above = min(above, values[index]) }
    return values[rank] + (place - Double(rank)) * (above - values[rank])
  }

  /// Moves values so that the one at `rank` is what it would be if they were sorted, with none greater before it and none less
  /// behind it: Hoare's FIND, Communications of the ACM 4(7), 1961.
  private static func select(_ rank: Int, ofFirst count: Int, in values: inout [Double]) {
    var (low, high) = (0, count - 1)
    while low < high {
      let pivot = values[low + (high - low) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while values[left] < pivot { left += 1 }
        while pivot < values[right] { right -= 1 }
        guard left <= right else { break }
        values.swapAt(left, right)
        left += 1
        right -= 1
      }
      if rank <= right { high = right } else if rank >= left { low = left } else { return }
    }
  }
}
