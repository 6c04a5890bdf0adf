/// Checks that settings of several architectures share.
extension ParameterPath {
  /// A list of layers, each of so many units.
  func require(
    widths: [Int], _ what: String, atLeast least: Int, atMost most: Int = 1024, in range: ClosedRange<Int> = 1...65_536
  ) throws {
    try require(widths.count >= least, expected: "at least \(least) layer", found: "none")
    try require(widths.count <= most, expected: "at most \(most) layers", found: widths.count)
    for (index, width) in widths.enumerated() {
      try self.index(index).require(
        range.contains(width), expected: "\(what) in \(range.lowerBound) ... \(range.upperBound)", found: width)
    }
  }

  func require(_ value: Int, in range: ClosedRange<Int>) throws {
    try require(
      range.contains(value), expected: "a number in \(range.lowerBound) ... \(range.upperBound)", found: value)
  }

  func requireProbability(_ value: Double) throws {
    try require((0..<1).contains(value), expected: "a probability in 0 ..< 1", found: value)
  }

  /// - Parameter width: at least 1.
  func require(heads: Int, dividing width: Int) throws {
    try require(heads, in: 1...256)
    try require(width.isMultiple(of: heads), expected: "a divisor of the width \(width)", found: heads)
  }
}

extension [Int] {
  /// `"16-8"`.
  var words: String { map(String.init).joined(separator: "-") }
}

extension Double {
  /// `", dropout 0.1"`; nothing for 0.
  var dropoutWords: String { self == 0 ? "" : ", dropout \(self)" }
}

extension Int {
  /// Four times the number, and itself where that would be far out of any range.
  var fourfold: Int { self > 1 << 24 ? self : 4 * self }
}
