import PareGraph
import PareTensor

/// A graph whose numbers are rounded to their grids wherever they are read, and learn behind it: gradients pass straight through.
struct RoundedForm {
  /// What is trained.
  private(set) var graph: Graph
  private let source: Graph

  init(_ source: Graph, _ grids: [NumberGrid]) {
    self.source = source
    graph = source
    var names = NameScope(source)
    var nodes: [Node] = []
    for grid in grids {
      let (scale, rounded) = (names.fresh("\(grid.parameter).step"), names.fresh("\(grid.parameter).rounded"))
      graph.parameters[scale] = Parameter(ParameterStorage(Tensor(scalar: grid.step)), isTrainable: false)
      for node in graph.nodes.indices {
        graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == grid.parameter ? rounded : $0 }
      }
      let limit = Int(NumberGrid.limit(grid.shape))
      nodes.append(
        Node(
          FakeQuantize.name, name: rounded, inputs: [grid.parameter, scale], outputs: [rounded],
          attributes: ["lowest": .int(-limit), "highest": .int(limit), "gradient_scale": .float(0)]))
      // A mask would hold at zero what is zero only for being small.
      if let storage = graph.parameters[grid.parameter]?.storage, storage.layout == .dense {
        graph.parameters[grid.parameter]?.storage = ParameterStorage(storage.decoded())
      }
    }
    graph.nodes = nodes + graph.nodes
  }

  /// The graph that there was, with the numbers that were trained.
  func original(of trained: Graph) -> Graph {
    var result = source
    for (name, parameter) in trained.parameters where result.parameters[name] != nil { result.parameters[name] = parameter }
    return result
  }
}
