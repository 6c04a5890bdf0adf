/// Ranks of numbers, equal ones sharing the mean of theirs.
enum Ranks {
  /// The places of values from the least to the greatest; equal ones in any order.
  static func order(_ values: [Double]) -> [Int] {
    zip(values, values.indices).sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// From 1; one per value.
  static func averaged(_ values: [Double]) -> [Double] { averaged(values, order: order(values)) }

  /// - Parameter order: what `order` gives for the values.
  static func averaged(_ values: [Double], order: [Int]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    var first = 0
    while first < order.count {
      var end = first + 1
      while end < order.count, values[order[end]] == values[order[first]] { end += 1 }
      for place in first..<end { ranks[order[place]] = Double(first + end + 1) / 2 }
      first = end
    }
    return ranks
  }

  /// The probability that a positive row scores above a negative one, equal scores counting half: the area under
  /// the receiver's curve, by Mann and Whitney's sum of ranks.
  ///
  /// - Returns: nil unless both kinds of rows occur.
  static func areaUnderCurve(scores: [Double], positive: [Bool]) -> Double? {
    let positives = positive.count { $0 }
    let negatives = positive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let sum = zip(averaged(scores), positive).reduce(0) { $1.1 ? $0 + $1.0 : $0 }
    return (sum - Double(positives) * Double(positives + 1) / 2) / (Double(positives) * Double(negatives))
  }
}
