/// A line that one of two texts has and the other does not.
public struct LineChange: Sendable, Equatable, Encodable {
  public enum Side: String, Sendable, Encodable {
    case a, b
  }

  /// The text that has it.
  public let side: Side
  public let line: String

  public init(side: Side, line: String) {
    self.side = side
    self.line = line
  }

  /// As few changes as make the one text the other, in the order of the lines.
  ///
  /// - Source: Myers 1986, An O(ND) Difference Algorithm, as the standard library has it.
  public static func between(_ a: String, _ b: String) -> [LineChange] {
    func lines(_ text: String) -> [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    let (left, right) = (lines(a), lines(b))
    let difference = right.difference(from: left)
    func offsets(_ changes: [CollectionDifference<String>.Change]) -> Set<Int> {
      Set(changes.map { change in
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
      })
    }
    let (removed, inserted) = (offsets(difference.removals), offsets(difference.insertions))
    var changes: [LineChange] = []
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      if removed.contains(i) {
        changes.append(LineChange(side: .a, line: left[i]))
        i += 1
      } else if inserted.contains(j) {
        changes.append(LineChange(side: .b, line: right[j]))
        j += 1
      } else {
        (i, j) = (i + 1, j + 1)
      }
    }
    return changes
  }
}
