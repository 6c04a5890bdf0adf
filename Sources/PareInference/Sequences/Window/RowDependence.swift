import PareGraph

/// Where the rows of a value lie, and which of them the newest row of the window reaches.
///
/// A value has a row for each step of time, or every few steps where a stride passed over them; or it is one whole, which
/// counts as a single row.
struct RowDependence: Equatable {
  /// The axis of time; nil for a value that is one whole.
  var axis: Int?
  /// Rows along it.
  var count: Int
  /// The first row that depends on the window's newest row; `count` where none does. Every row behind it counts as if it
  /// did.
  var fresh: Int
  /// The first row that depends on the newest of the window's older rows, or might but for padding behind the last; the
  /// last before `fresh` at least. Once the window has moved on by one, rows from here on are new.
  var entering: Int
  /// The first row that is, once the window has moved on by one, what the row behind it was before: neither the window's
  /// start nor the row's place in it reaches it. `count` where there is none.
  var settled: Int

  /// Rows as far as there are any.
  init(axis: Int?, count: Int, fresh: Int, entering: Int, settled: Int) {
    (self.axis, self.count) = (axis, count)
    self.fresh = Swift.min(Swift.max(fresh, 0), count)
    self.entering = Swift.max(Swift.min(entering, self.fresh - 1), 0)
    self.settled = Swift.min(Swift.max(settled, 0), count)
  }

  /// A value that is one whole, made anew for each window.
  static func whole(isFresh: Bool) -> RowDependence {
    RowDependence(axis: nil, count: 1, fresh: isFresh ? 0 : 1, entering: 0, settled: 1)
  }

  /// Whether no row depends on the newest.
  var isOlder: Bool { fresh == count }
}

/// How rows of a value come from rows of others.
struct RowRule {
  /// One way to compute rows.
  struct Form {
    /// The values that are read, parameters left aside.
    var inputs: [String]
    /// The rows of an input that rows of the value need; never none.
    var needed: (_ rows: Range<Int>, _ input: Int) -> Range<Int>
    /// Adds nodes that compute rows from those rows of the inputs.
    ///
    /// - Returns: the name of the value that holds them.
    var emit: (_ rows: Range<Int>, _ inputs: [String], inout PieceGraph) throws -> String
  }

  var dependence: RowDependence
  /// The type of the whole value, where it is none of the graph's.
  var type: TensorType?
  var form: Form
  /// Another way to compute the rows that depend on the newest, all of them, from what was computed before.
  var newest: Form?
}

extension Range<Int> {
  /// The least range that holds both.
  func hull(_ other: Range<Int>?) -> Range<Int> {
    guard let other else { return self }
    return Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
