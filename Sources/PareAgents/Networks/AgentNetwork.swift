import PareGraph
import PareModels
import PareTensor

/// The network of an agent: dense layers from `features [batch, observation]` to `logits [batch, actions]`.
public struct AgentNetwork: Sendable, Hashable {
  /// Units of each hidden layer.
  public var hidden: [Int] = [64, 32]
  public var activation: Activation = .relu
  /// Probability that a hidden unit is dropped in a training step, in `0 ..< 1`.
  public var dropout = 0.0
  /// Put in front; of the first numbers of an observation. Those beyond it pass as they are.
  public var normalizer: Normalizer?

  public init(hidden: [Int] = [64, 32], activation: Activation = .relu, normalizer: Normalizer? = nil) {
    self.hidden = hidden
    self.activation = activation
    self.normalizer = normalizer
  }

  func graph(observationWidth: Int, outputs: Int, seed: UInt64, name: String) throws -> Graph {
    var normalizer = normalizer
    if let given = normalizer {
      guard given.offset.count == given.scale.count, given.offset.count <= observationWidth else {
        throw AgentError(
          "setting", subject: "normalizer", expected: "an offset and a scale for at most \(observationWidth) numbers",
          found: "\(given.offset.count) and \(given.scale.count)", category: .usage)
      }
      let rest = observationWidth - given.offset.count
      normalizer?.offset += [Float](repeating: 0, count: rest)
      normalizer?.scale += [Float](repeating: 1, count: rest)
    }
    let network = MultilayerPerceptron(
      inputs: observationWidth, hidden: hidden, outputs: outputs, activation: activation, dropout: dropout)
    return try network.graph(seed: seed, name: name, normalizer: normalizer)
  }
}

extension Graph {
  /// One graph whose logits are the mean of several networks' logits.
  ///
  /// - Precondition: there is at least one, and all take the same input `features`.
  static func averaging(_ members: [Graph], name: String) throws -> Graph {
    precondition(!members.isEmpty)
    guard members.count > 1 else { return members[0] }
    var builder = GraphBuilder(name: name)
    let input = try builder.input(members[0].inputs[0].name, members[0].inputs[0].type)
    var logits: [String] = []
    for (index, graph) in members.enumerated() {
      let part = graph.pruned(to: ["logits"])
      func renamed(_ value: String) -> String { value.isEmpty || value == input ? value : "member_\(index).\(value)" }
      for (name, parameter) in part.parameters { _ = try builder.parameter(renamed(name), parameter) }
      for node in part.nodes {
        var node = node
        node.name = renamed(node.name)
        node.inputs = node.inputs.map(renamed)
        node.outputs = node.outputs.map(renamed)
        try builder.append(node)
      }
      logits.append(renamed("logits"))
    }
    try builder.classify(builder.apply("Mean", logits, name: "ensemble", output: "logits"))
    return builder.graph
  }
}
