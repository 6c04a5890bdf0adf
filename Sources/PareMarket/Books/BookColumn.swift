/// One number that is worked out of a book by hand, from its newest `n` snapshots: what a small model sees in place of a window.
public enum BookColumn: Sendable, Hashable {
  /// Mean over the snapshots and the levels of `ln(bid quantity / ask quantity)`: above 0 where more is bid for than offered.
  case imbalance(Int)
  /// The same of the best level alone.
  case bestImbalance(Int)
  /// `mid / midₙ − 1` in basis points, `midₙ` the mid `n` snapshots ago.
  case move(Int)
  /// Mean over the snapshots of `(best ask − best bid) / mid`, in basis points.
  case spread(Int)

  /// Snapshots that a column may look back at.
  public static let longestWindow = 10_000

  private static let kinds: [(name: String, make: @Sendable (Int) -> BookColumn)] = [
    ("imbalance", { .imbalance($0) }), ("best-imbalance", { .bestImbalance($0) }), ("move", { .move($0) }), ("spread", { .spread($0) }),
  ]

  /// The names that `init(name:)` reads.
  public static var knownNames: [String] { kinds.map { $0.name + "(n)" } }

  /// `n`.
  public var length: Int {
    switch self {
    case .imbalance(let n), .bestImbalance(let n), .move(let n), .spread(let n): n
    }
  }

  /// Snapshots after which the column is complete, the newest included.
  public var snapshotsNeeded: Int { if case .move(let n) = self { n + 1 } else { length } }
}

extension BookColumn: CustomStringConvertible {
  /// The spelling that files use: `imbalance(20)`.
  public var description: String {
    switch self {
    case .imbalance(let n): "imbalance(\(n))"
    case .bestImbalance(let n): "best-imbalance(\(n))"
    case .move(let n): "move(\(n))"
    case .spread(let n): "spread(\(n))"
    }
  }

  /// Reads the spelling that `description` writes.
  ///
  /// - Throws: `market.unknown-book-column`; `market.book-column` for a window that is not 1 to 10,000 snapshots.
  public init(name: String) throws(MarketError) {
    let parts = name.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].last == ")", let length = Int(parts[1].dropLast()),
      let kind = Self.kinds.first(where: { $0.name == parts[0] })
    else {
      throw MarketError(
        "unknown-book-column", subject: "book.columns", expected: "one of " + Self.knownNames.joined(separator: ", "),
        found: "'\(name)'", category: .usage)
    }
    self = kind.make(length)
    try validate()
  }

  func validate() throws(MarketError) {
    guard !(1...Self.longestWindow).contains(length) else { return }
    throw MarketError(
      "book-column", subject: "book.columns.\(self)", expected: "a window of 1 to \(Self.longestWindow) snapshots", found: "\(length)",
      category: .usage)
  }
}
