/// Which rows of which values each part of a windowed run computes, and which stay in memory between them.
///
/// - *older*: all rows that do not depend on the newest, from the window's older rows.
/// - *slide*: the same once the window has moved on by one, from what was kept before it did: rows that only moved are
///   moved, rows that the window's start reaches and the one that came in are computed.
/// - *newest*: what depends on the newest row, from it and from what is kept.
struct WindowPieces {
  enum Part: CaseIterable { case older, slide, newest }

  /// Rows of a value that stay in memory: from `rows.lowerBound` to the first that depends on the newest.
  struct Kept {
    var value: String
    var rows: Range<Int>
    /// Of them, those that a slide takes from the places behind them; empty where it computes all.
    var moved: Range<Int>
  }

  private(set) var kept: [Kept] = []
  private var pieces: [Part: [String: [Range<Int>]]] = [:]

  init(_ rules: RowRules) {
    var needs: [Part: [String: Range<Int>]] = [.older: [:], .slide: [:], .newest: [:]]
    for output in rules.graph.outputs {
      if let dependence = rules.dependence[output.name] { needs[.newest]?[output.name] = 0..<dependence.count }
    }
    for (value, rule) in rules.all.reversed() {
      let own = Part.allCases.map { needs[$0]?[value] }
      let (older, slide, newest) = settle(value, rule, older: own[0], slide: own[1], newest: own[2])
      for (part, computed) in [(Part.older, older), (.slide, slide), (.newest, newest)] where !computed.isEmpty {
        pieces[part, default: [:]][value] = computed
        let form = rule.form(in: part)
        for rows in computed {
          for (index, input) in form.inputs.enumerated() {
            let needed = needs[part]?[input]
            needs[part]?[input] = form.needed(rows, index).hull(needed)
          }
        }
      }
    }
    // Older rows of the input that are needed are kept as they are.
    if let input = rules.graph.inputs.first?.name, let dependence = rules.dependence[input],
      let rows = needs[.newest]?[input], rows.lowerBound < dependence.fresh
    {
      kept.append(Kept(value: input, rows: rows.lowerBound..<dependence.fresh, moved: 0..<0))
    }
    kept.reverse()
  }

  /// The rows of a value that a part computes.
  func computed(_ value: String, in part: Part) -> [Range<Int>] { pieces[part]?[value] ?? [] }

  private mutating func settle(
    _ value: String, _ rule: RowRule, older: Range<Int>?, slide: Range<Int>?, newest: Range<Int>?
  ) -> (older: [Range<Int>], slide: [Range<Int>], newest: [Range<Int>]) {
    let (fresh, count) = (rule.dependence.fresh, rule.dependence.count)
    // Rows between have moved.
    let (settled, entering) = (rule.dependence.settled, rule.dependence.entering)
    var least = newest.map(\.lowerBound) ?? fresh
    if let slide {
      let moved = max(slide.lowerBound, settled)
      if moved < min(slide.upperBound, entering) { least = min(least, moved) }
    }
    if least < fresh {
      let moved = max(least, settled)
      kept.append(Kept(value: value, rows: least..<fresh, moved: moved < entering ? moved..<entering : 0..<0))
    }
    var slides: [Range<Int>] = []
    let first = min(least, slide?.lowerBound ?? fresh)
    if first < fresh {
      if settled >= entering || first >= entering {
        slides = [first..<fresh]
      } else {
        slides = (first < settled ? [first..<settled] : []) + [entering..<fresh]
      }
    }
    let from = min(least, older?.lowerBound ?? fresh)
    var now: [Range<Int>] = []
    if let newest, newest.upperBound > fresh { now = [(rule.newest == nil ? max(fresh, newest.lowerBound) : fresh)..<count] }
    return (from < fresh ? [from..<fresh] : [], slides, now)
  }
}

extension RowRule {
  func form(in part: WindowPieces.Part) -> Form { part == .newest ? newest ?? form : form }
}
