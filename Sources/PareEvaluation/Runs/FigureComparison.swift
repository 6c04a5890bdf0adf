/// A figure on two sides.
public struct FigureComparison: Sendable, Equatable, Encodable {
  public let list: String
  public let subject: String
  public let part: String
  public let name: String
  /// null where that side does not have it.
  @ExplicitNull public var a: Double?
  @ExplicitNull public var b: Double?
  /// b − a; null where one is missing.
  @ExplicitNull public var difference: Double?
  /// b / a; null where one is missing, a is zero, or no number holds it.
  @ExplicitNull public var ratio: Double?

  /// - Parameter figure: of either side, for whose it is and what it is called.
  public init(_ figure: RunFigure, a: Double?, b: Double?) {
    (list, subject, part, name) = (figure.list, figure.subject, figure.part, figure.name)
    (self.a, self.b) = (a, b)
    let both = a.flatMap { a in b.map { (a, $0) } }
    difference = both.map { $1 - $0 }.flatMap { $0.isFinite ? $0 : nil }
    ratio = both.map { $1 / $0 }.flatMap { $0.isFinite ? $0 : nil }
  }

  public var differs: Bool { a != b }

  /// |b − a| over the larger of |a| and |b|, 0 … 2; below 0 where one side has none.
  fileprivate var change: Double {
    guard let a, let b else { return -1 }
    let size = max(a.magnitude, b.magnitude)
    return size == 0 ? 0 : (b - a).magnitude / size
  }
}

extension [FigureComparison] {
  /// All figures of both sides: in the order of `a`, then what `b` alone has.
  public init(_ a: [RunFigure], _ b: [RunFigure]) {
    func values(_ figures: [RunFigure]) -> [FigureKey: Double] {
      Dictionary(figures.map { (FigureKey($0), $0.value) }) { first, _ in first }
    }
    let (left, right) = (values(a), values(b))
    var seen: Set<FigureKey> = []
    self = (a + b).compactMap { figure in
      let key = FigureKey(figure)
      return seen.insert(key).inserted ? FigureComparison(figure, a: left[key], b: right[key]) : nil
    }
  }

  /// Those that differ: subject by subject, the greatest change, as a share of the larger of both, first; at last what one side
  /// alone has.
  public var differing: [FigureComparison] {
    var subjects: [[String]: Int] = [:]
    for row in self where subjects[[row.list, row.subject]] == nil { subjects[[row.list, row.subject]] = subjects.count }
    func rank(_ row: FigureComparison) -> (Int, Double, String, String) {
      (subjects[[row.list, row.subject]] ?? 0, -row.change, row.part, row.name)
    }
    return filter(\.differs).sorted { rank($0) < rank($1) }
  }
}

/// Whose a figure is and what it is called.
private struct FigureKey: Hashable {
  let list, subject, part, name: String

  init(_ figure: RunFigure) {
    (list, subject, part, name) = (figure.list, figure.subject, figure.part, figure.name)
  }
}
