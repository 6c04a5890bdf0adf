import PareGraph
import PareTensor

extension Graph {
  /// The graph as it is trained: every Dropout drops, by random numbers of its own under the seed.
  func inTrainingMode(seed: UInt64) throws -> Graph {
    guard nodes.contains(where: { $0.operatorName == "Dropout" }) else { return self }
    var graph = self
    let enabled = try uniqueName("training_mode")
    graph.parameters[enabled] = Parameter(ParameterStorage(Tensor(scalar: true)), isTrainable: false)
    for index in graph.nodes.indices where graph.nodes[index].operatorName == "Dropout" {
      var generator = SeededGenerator(seed: seed, stream: "dropout/\(graph.nodes[index].name)")
      let node = graph.nodes[index]
      graph.nodes[index].inputs = [node.inputs[0], node.input(1) ?? "", enabled]
      graph.nodes[index].attributes["seed"] = .int(Int(generator.next() >> 1))
    }
    return graph
  }

  private func uniqueName(_ stem: String) throws -> String {
    var builder = try GraphBuilder(self)
    return builder.freshValueName(stem)
  }
}
