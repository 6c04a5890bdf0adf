/// Finds the word that someone meant.
package enum NearestWord {
  /// The candidate with the fewest edits from `word`, the first of equals; nil without candidates.
  package static func to(_ word: String, among candidates: [String]) -> String? {
    candidates.min { distance(word, $0) < distance(word, $1) }
  }

  /// `"one of a, b, c (nearest: 'b')"`.
  package static func expectation(_ word: String, among candidates: [String]) -> String {
    guard candidates.count > 1, let nearest = to(word, among: candidates) else {
      return candidates.first.map { "'\($0)'" } ?? "nothing"
    }
    return "one of \(candidates.joined(separator: ", ")) (nearest: '\(nearest)')"
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other (optimal string
  /// alignment), in any case.
  package static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.lowercased())
    let b = Array(right.lowercased())
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var current = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in 0..<b.count {
        current[j + 1] = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          current[j + 1] = min(current[j + 1], beforeLast[j - 1] + 1)
        }
      }
      (beforeLast, last) = (last, current)
    }
    return last[b.count]
  }
}
