import PareGraph
import PareTensor

/// Puts the mean of what is taken out into the biases of the layers that read it, so that their mean outputs stay.
///
/// For Gemm, and for Conv (where padding makes the mean smaller at the edges, which is left aside).
struct MeanCompensation {
  let map: ChannelMap
  let statistics: ChannelStatistics

  /// - Parameter graph: with the channels taken out.
  func apply(to graph: inout Graph, without units: [ChannelUnit]) {
    let removed = units.reduce(into: Set<ChannelTable.Channel>()) { $0.formUnion($1.channels) }
    for reading in map.readings {
      guard let index = graph.nodes.firstIndex(where: { $0.name == reading.node.name }),
        let means = means(reading, removed), let shift = shift(reading.node, means)
      else { continue }
      // Outputs that are taken out have no bias any more.
      let outputs = map.axes(of: reading.node.outputs[0])[1] ?? []
      let kept = shift.indices.filter { outputs.isEmpty || !removed.contains(outputs[$0]) }.map { shift[$0] }
      add(kept, to: &graph, index)
    }
  }

  /// Of each removed position, 0 for the others; nil where none is removed.
  private func means(_ reading: ChannelMap.Reading, _ removed: Set<ChannelTable.Channel>) -> [Double]? {
    guard reading.channels.contains(where: removed.contains) else { return nil }
    let positions = statistics.positions(of: reading.value, axis: reading.axis)
    guard positions.count == reading.channels.count else { return nil }
    return zip(reading.channels, positions).map { removed.contains($0) ? $1.mean : 0 }
  }

  /// What the removed inputs add to each output on average; nil for operators other than the two.
  private func shift(_ node: Node, _ means: [Double]) -> [Double]? {
    guard node.operatorName == "Gemm" || node.operatorName == "Conv", let name = node.input(1), let shape = map.weightShape(name),
      let weights = map.graph.parameters[name]?.storage.decoded().doubles
    else { return nil }
    let isByOutput = node.operatorName == "Conv" || (try? node.int("transB", default: 0)) == 1
    let (outputs, inputs) = isByOutput ? (shape[0], shape[1]) : (shape[1], shape[0])
    guard inputs == means.count else { return nil }
    let window = shape.elementCount / (outputs * inputs)
    return (0..<outputs).map { output in
      (0..<inputs).reduce(0.0) { sum, input in
        guard means[input] != 0 else { return sum }
        let first = isByOutput ? (output * inputs + input) * window : input * outputs + output
        return sum + means[input] * weights[first..<first + window].reduce(0, +)
      }
    }
  }

  private func add(_ shift: [Double], to graph: inout Graph, _ index: Int) {
    let node = graph.nodes[index]
    guard (try? node.float("alpha", default: 1)) == 1, (try? node.float("beta", default: 1)) == 1 else { return }
    if let name = node.input(2) {
      // A bias of one number for all outputs, or one that others read as well, stays as it is.
      guard let parameter = graph.parameters[name], parameter.storage.elementType == .float32, graph.consumers(of: name).count == 1,
        parameter.storage.shape.elementCount == shift.count
      else { return }
      let sums = zip(parameter.storage.decoded().doubles, shift).map { Float($0 + $1) }
      graph.parameters[name]?.storage = ParameterStorage(Tensor(sums, shape: parameter.storage.shape))
    } else {
      var names = NameScope(graph)
      let name = names.fresh("\(node.name).bias")
      graph.parameters[name] = Parameter(ParameterStorage(Tensor(shift.map { Float($0) })), isTrainable: true)
      graph.nodes[index].inputs = Array(node.inputs.prefix(2)) + [name]
    }
  }
}
