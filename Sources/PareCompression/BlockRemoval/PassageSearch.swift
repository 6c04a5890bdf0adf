import PareGraph

/// A way from a value of a graph to a later one of equal type: all signal that enters it enters as the one, and all that leaves it
/// leaves as the other. Masks that are made on the way may leave it as well, if no weights make them.
struct Passage {
  let start: String
  var end: String
  /// Into the graph's nodes, ascending.
  var nodes: [Int]
}

/// Finds the passages of a graph that are no sequence of two.
struct PassageSearch {
  /// Values by number.
  private let names: [String]
  private let isSignal: [Bool]
  private let isOutput: [Bool]
  /// The node that makes each value; −1 for inputs of the graph and parameters.
  private let maker: [Int]
  private let readers: [[Int]]
  /// By node, into the values.
  private let inputs: [[Int]]
  private let outputs: [[Int]]
  private let isExtent: [Bool]
  private let hasWeights: [Bool]
  /// Numbers of signal values with the same type, in the order of evaluation, by value.
  private let equals: [Int: [Int]]

  /// - Parameter layers: names of the nodes with weights.
  init(_ graph: Graph, _ types: [String: ValueType], _ signals: SignalValues, layers: Set<String>) {
    let names = graph.inputs.map(\.name) + graph.parameters.keys + graph.nodes.flatMap { $0.outputs.filter { !$0.isEmpty } }
    let number = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    self.names = names
    inputs = graph.nodes.map { $0.inputs.compactMap { number[$0] }.unique() }
    outputs = graph.nodes.map { $0.outputs.compactMap { number[$0] } }
    isExtent = graph.nodes.map { $0.operatorName == "Shape" || $0.operatorName == "Size" }
    hasWeights = graph.nodes.map { layers.contains($0.name) }
    isSignal = names.map(signals.contains)
    let wanted = Set(graph.outputs.map(\.name))
    isOutput = names.map(wanted.contains)
    var maker = [Int](repeating: -1, count: names.count)
    var readers = [[Int]](repeating: [], count: names.count)
    for node in graph.nodes.indices {
      for value in outputs[node] { maker[value] = node }
      for value in inputs[node] { readers[value].append(node) }
    }
    self.maker = maker
    self.readers = readers
    var byType: [ValueType: [Int]] = [:]
    for (value, name) in names.enumerated() where signals.contains(name) {
      if let type = types[name] { byType[type, default: []].append(value) }
    }
    equals = byType.values.reduce(into: [:]) { result, values in for value in values { result[value] = values } }
  }

  /// In the order of their starts.
  func elementary() -> [Passage] {
    var ends: [Int: Set<Int>] = [:]
    var found: [Passage] = []
    // From the back, so that what begins in the middle is known.
    for start in names.indices.reversed() where isSignal[start] {
      let reached = reached(from: start)
      for end in equals[start] ?? [] where end > start && maker[end] >= 0 && reached[maker[end]] {
        guard let nodes = nodes(from: start, to: end, reached) else { continue }
        let isSequence = (ends[start] ?? []).contains { ends[$0]?.contains(end) ?? false }
        ends[start, default: []].insert(end)
        if !isSequence { found.append(Passage(start: names[start], end: names[end], nodes: nodes.sorted())) }
      }
    }
    return found.reversed()
  }

  /// Nodes behind a value. Its own extents say nothing of it.
  private func reached(from start: Int) -> [Bool] {
    var reached = [Bool](repeating: false, count: inputs.count)
    var open = readers[start].filter { !isExtent[$0] }
    while let node = open.popLast() {
      guard !reached[node] else { continue }
      reached[node] = true
      for value in outputs[node] { open += readers[value] }
    }
    return reached
  }

  /// What lies between; nil where signal enters or leaves elsewhere.
  private func nodes(from start: Int, to end: Int, _ reached: [Bool]) -> [Int]? {
    var isInside = [Bool](repeating: false, count: inputs.count)
    var nodes: [Int] = []
    var open = [maker[end]]
    while let node = open.popLast() {
      guard !isInside[node] else { continue }
      isInside[node] = true
      nodes.append(node)
      for value in inputs[node] where value != start {
        if maker[value] >= 0, reached[maker[value]] {
          open.append(maker[value])
        } else if isSignal[value] {
          return nil
        }
      }
    }
    var leaving: [Int] = []
    for node in nodes {
      for value in outputs[node] where value != end {
        if !isOutput[value], readers[value].allSatisfy({ isInside[$0] }) { continue }
        guard !isSignal[value] else { return nil }
        leaving.append(node)
      }
    }
    return isFreeOfWeights(leaving, within: isInside) ? nodes : nil
  }

  /// Whether no node with weights, among those inside, makes what some nodes yield.
  private func isFreeOfWeights(_ nodes: [Int], within isInside: [Bool]) -> Bool {
    var open = nodes
    var seen: Set<Int> = []
    while let node = open.popLast() {
      guard seen.insert(node).inserted else { continue }
      if hasWeights[node] { return false }
      open += inputs[node].map { maker[$0] }.filter { $0 >= 0 && isInside[$0] }
    }
    return true
  }
}
