/// Turns the number of a point into the options taken: the number's digits, each decision counting as many as there are points
/// behind its options.
struct SpaceIndex {
  /// What a count is at most.
  static let tooMany = Int.max

  private var rest: Int
  private(set) var choices: [Int]

  init(point: Int, choices: [Int]) {
    rest = point
    self.choices = choices
  }

  mutating func take(_ steps: [SpaceStep]) {
    for step in steps {
      switch step {
      case .step(let node, _, _): split(Self.count(of: node)) { $0.take(node) }
      case .alternatives(let decision, let lists):
        split(Self.count(of: step)) { $0.option(decision, lists, Self.count(of:)) { $0.take($1) } }
      }
    }
  }

  private mutating func take(_ node: SpaceNode) {
    switch node {
    case .scalar: break
    case .list(let nodes): for node in nodes { split(Self.count(of: node)) { $0.take(node) } }
    case .object(let members): for member in members { split(Self.count(of: member.node)) { $0.take(member.node) } }
    case .choice(let decision, let options): option(decision, options, Self.count(of:)) { $0.take($1) }
    }
  }

  /// Hands a part its digit.
  private mutating func split(_ count: Int, _ take: (inout SpaceIndex) -> Void) {
    let above = rest / count
    rest %= count
    take(&self)
    rest = above
  }

  /// The option in whose range of numbers the rest lies.
  private mutating func option<Option>(
    _ decision: Int, _ options: [Option], _ count: (Option) -> Int, _ take: (inout SpaceIndex, Option) -> Void
  ) {
    for (index, option) in options.enumerated() {
      let size = count(option)
      if rest < size {
        choices[decision] = index
        take(&self, option)
        return
      }
      rest -= size
    }
  }

  static func count(of steps: [SpaceStep]) -> Int { product(steps.map(count(of:))) }

  private static func count(of step: SpaceStep) -> Int {
    switch step {
    case .step(let node, _, _): count(of: node)
    case .alternatives(_, let lists): sum(lists.map { count(of: $0) })
    }
  }

  private static func count(of node: SpaceNode) -> Int {
    switch node {
    case .scalar: 1
    case .list(let nodes): product(nodes.map(count(of:)))
    case .object(let members): product(members.map { count(of: $0.node) })
    case .choice(_, let options): sum(options.map(count(of:)))
    }
  }

  private static func product(_ counts: [Int]) -> Int {
    counts.reduce(1) { result, count in
      let (product, overflows) = result.multipliedReportingOverflow(by: count)
      return overflows ? tooMany : product
    }
  }

  private static func sum(_ counts: [Int]) -> Int {
    counts.reduce(0) { result, count in
      let (sum, overflows) = result.addingReportingOverflow(count)
      return overflows ? tooMany : sum
    }
  }
}
