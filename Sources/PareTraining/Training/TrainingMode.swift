import PareGraph
import PareTensor

/// A graph as it is trained, and what a step leaves behind besides gradients.
struct TrainingForm {
  var graph: Graph
  /// Running averages.
  var updates: [CarriedState] = []

  /// Every Dropout drops, by random numbers of its own under the seed; every BatchNormalization that is trained
  /// normalizes by the batch's own mean and variance and moves its running ones, which it is used with later.
  ///
  /// A normalization whose scale and shift are fixed is part of something frozen and stays as it is, and so does one
  /// whose statistics are no parameters of its own.
  init(_ graph: Graph, seed: UInt64) throws {
    self.graph = graph
    try enableDropout(seed: seed)
    try useBatchStatistics()
  }

  private mutating func enableDropout(seed: UInt64) throws {
    guard graph.nodes.contains(where: { $0.operatorName == "Dropout" }) else { return }
    var names = try GraphBuilder(graph)
    let enabled = names.freshValueName("training_mode")
    graph.parameters[enabled] = Parameter(ParameterStorage(Tensor(scalar: true)), isTrainable: false)
    for index in graph.nodes.indices where graph.nodes[index].operatorName == "Dropout" && !dropsNothing(graph.nodes[index]) {
      var generator = SeededGenerator(seed: seed, stream: "dropout/\(graph.nodes[index].name)")
      let node = graph.nodes[index]
      graph.nodes[index].inputs = [node.inputs[0], node.input(1) ?? "", enabled]
      graph.nodes[index].attributes["seed"] = .int(Int(generator.next() >> 1))
    }
  }

  /// Whether a Dropout is known to pass everything on.
  private func dropsNothing(_ node: Node) -> Bool {
    node.input(1).flatMap { graph.parameters[$0] }.map { $0.storage.decoded().doubles == [0] } ?? false
  }

  private mutating func useBatchStatistics() throws {
    guard graph.nodes.contains(where: { $0.operatorName == "BatchNormalization" }) else { return }
    var uses: [String: Int] = [:]
    for name in graph.nodes.flatMap(\.inputs) + graph.outputs.map(\.name) { uses[name, default: 0] += 1 }
    func isOwnStatistic(_ name: String) -> Bool {
      guard let parameter = graph.parameters[name] else { return false }
      return !parameter.isTrainable && parameter.storage.elementType == .float32 && uses[name] == 1
    }
    var names = try GraphBuilder(graph)
    for (index, node) in graph.nodes.enumerated() where node.operatorName == "BatchNormalization" {
      guard try node.int("training_mode", default: 0) == 0, node.inputs[3...].allSatisfy(isOwnStatistic),
        node.inputs[1...2].contains(where: { graph.parameters[$0]?.isTrainable ?? false })
      else { continue }
      let running = node.inputs[3...].map { ($0, names.freshValueName("\($0).next")) }
      graph.nodes[index].attributes["training_mode"] = .int(1)
      graph.nodes[index].outputs += running.map(\.1)
      updates += running.map { CarriedState(parameter: $0.0, value: $0.1) }
    }
  }
}
