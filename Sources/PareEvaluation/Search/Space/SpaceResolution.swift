/// The steps that choices leave of a space.
struct SpaceResolution {
  /// A step without choices.
  struct Step {
    /// In YAML's flow style.
    let yaml: String
    /// Its place in the search file.
    let path: String
    /// Its technique, what was chosen in it, and what tells it from alternatives.
    let words: String
  }

  private let choices: [Int]

  /// - Parameter choices: the option taken at each decision that is come by.
  init(_ choices: [Int]) {
    self.choices = choices
  }

  func steps(_ steps: [SpaceStep]) -> [Step] {
    steps.flatMap { step in
      switch step {
      case .alternatives(let decision, let lists): return self.steps(lists[choices[decision]])
      case .step(let node, let path, let isAlternative):
        var chosen = isAlternative ? Self.fixed(node) : []
        let value = self.value(node, key: "", &chosen)
        return [Step(yaml: value.yaml, path: path, words: ([Self.technique(of: value)] + chosen).joined(separator: " "))]
      }
    }
  }

  /// - Parameters:
  ///   - key: under which the value stands.
  ///   - chosen: collects what was chosen, with its key.
  private func value(_ node: SpaceNode, key: String, _ chosen: inout [String]) -> SpaceValue {
    switch node {
    case .scalar(let text): return .scalar(text)
    case .list(let nodes): return .list(nodes.map { value($0, key: key, &chosen) })
    case .object(let members):
      return .object(members.map { .init(key: $0.key, value: value($0.node, key: $0.key, &chosen)) })
    case .choice(let decision, let options):
      let taken = value(options[choices[decision]], key: key, &chosen)
      chosen.append("\(key) \(taken.yaml)")
      return taken
    }
  }

  /// The plain parameters of a step, by which people tell it from its alternatives.
  private static func fixed(_ node: SpaceNode) -> [String] {
    guard case .object(let members) = node else { return [] }
    return members.compactMap { member in
      guard case .scalar(let text) = member.node, member.key != "technique" else { return nil }
      return "\(member.key) \(text)"
    }
  }

  private static func technique(of value: SpaceValue) -> String {
    guard case .object(let members) = value, case .scalar(let name)? = members.first(where: { $0.key == "technique" })?.value else {
      return "step"
    }
    return name
  }
}
