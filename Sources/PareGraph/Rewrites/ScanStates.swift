import PareTensor

/// A state that goes on from one call of a graph to the next.
public struct StreamState: Sendable, Hashable {
  /// The input that takes it; zeros before the first call.
  public let input: String
  /// The output that holds it for the next call.
  public let output: String
  public let type: ValueType
}

extension Graph {
  /// Where a scan takes its state, of what type, and which input has the number of states along which axis.
  private static let statePlaces: [OperatorName: (input: Int, type: ElementType?, counted: Int, axis: Int)] = [
    SelectiveScan.name: (6, nil, 2, 0), QuantizedSelectiveScan.name: (8, .int16, 4, 2),
  ]

  /// The graph with the states of its selective scans as inputs and outputs, so that a call goes on where the one before ended: the scores
  /// of the steps of several calls are those of one call with all of them, and work and memory of a step do not depend on how many there
  /// were before.
  ///
  /// A scan `<node>` takes its state as `<node>.state` and yields it as `<node>.state.next`. Scans that have a state already keep it.
  public func withStates() throws -> (graph: Graph, states: [StreamState]) {
    let types = try inferredTypes()
    var (graph, states) = (self, [StreamState]())
    for (index, node) in nodes.enumerated() {
      guard let place = Self.statePlaces[node.operatorName], node.input(place.input) == nil, let x = types[node.inputs[0]],
        let constants = types[node.inputs[place.counted]]
      else { continue }
      let places = x.dimensions.dropLast()
      let count = constants.dimensions[place.axis]
      let type = ValueType(place.type ?? x.elementType, [x.dimensions[0]] + places.dropFirst(2) + [count, x.dimensions[x.rank - 1]])
      let state = StreamState(input: "\(node.name).state", output: "\(node.name).state.next", type: type)
      graph.nodes[index].inputs = (0..<place.input).map { node.input($0) ?? "" } + [state.input]
      graph.nodes[index].outputs = [node.outputs[0], state.output]
      graph.inputs.append(ValueInfo(state.input, type))
      graph.outputs.append(ValueInfo(state.output, type))
      states.append(state)
    }
    return (graph, states)
  }
}
