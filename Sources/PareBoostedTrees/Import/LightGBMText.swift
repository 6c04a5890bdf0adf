import PareArtifact

/// LightGBM's model text: lines `key=value`, first of the model and then of each tree, up to `end of trees`.
struct LightGBMText {
  /// Lines that belong together.
  struct Section {
    let path: String
    private var values: [Substring: Substring] = [:]

    init(path: String) {
      self.path = path
    }

    /// - Throws: `boosted-trees.format` for a key that stands there twice.
    mutating func add(_ line: Substring) throws(BoostedTreesError) {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard values.updateValue(parts.count == 2 ? parts[1] : "", forKey: parts[0]) == nil else {
        throw BoostedTreesError("format", subject: path, expected: "each key once", found: "\(quoted(String(parts[0]))) again")
      }
    }

    func text(_ key: Substring) -> Substring? { values[key] }

    func wrong(_ key: Substring, _ expected: String) -> BoostedTreesError {
      BoostedTreesError(
        "model", subject: "\(path), \(key)", expected: expected, found: values[key].map { quoted(String($0)) } ?? "none")
    }

    func unsupported(_ key: Substring, _ expected: String) -> BoostedTreesError {
      BoostedTreesError(
        "unsupported", subject: "\(path), \(key)", expected: expected, found: values[key].map { quoted(String($0)) } ?? "none")
    }

    func integer(_ key: Substring, in range: ClosedRange<Int>) throws(BoostedTreesError) -> Int {
      guard let text = values[key], let number = Int(text), range.contains(number) else {
        throw wrong(key, "a whole number in \(range)")
      }
      return number
    }

    /// Numbers with spaces between them, exactly so many.
    func numbers<Number: LosslessStringConvertible>(
      _ key: Substring, _ count: Int, as _: Number.Type
    ) throws(BoostedTreesError) -> [Number] {
      let words = (values[key] ?? "").split(separator: " ")
      guard words.count == count else { throw wrong(key, "\(count) numbers") }
      var numbers: [Number] = []
      numbers.reserveCapacity(count)
      for word in words {
        guard let number = Number(String(word)) else { throw wrong(key, "numbers, not \(quoted(String(word)))") }
        numbers.append(number)
      }
      return numbers
    }
  }

  let header: Section
  let trees: [Section]

  /// - Throws: `boosted-trees.format` for a text that is not UTF-8, ends before its end is said, or has trees out of order.
  init(_ bytes: [UInt8], name: String) throws(BoostedTreesError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw BoostedTreesError("format", subject: name, expected: "a text in UTF-8", found: "other bytes")
    }
    var header = Section(path: name)
    var trees: [Section] = []
    var isWhole = false
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      if line == "end of trees" {
        isWhole = true
        break
      }
      if line.hasPrefix("Tree=") {
        guard line.dropFirst(5) == "\(trees.count)" else {
          throw BoostedTreesError("format", subject: name, expected: "Tree=\(trees.count)", found: quoted(String(line)))
        }
        trees.append(Section(path: "\(name), tree \(trees.count)"))
      } else if trees.isEmpty {
        try header.add(line)
      } else {
        try trees[trees.count - 1].add(line)
      }
    }
    guard isWhole else {
      throw BoostedTreesError("format", subject: name, expected: "a line 'end of trees'", found: "an end before it")
    }
    (self.header, self.trees) = (header, trees)
  }
}
