import PareGraph
import PareTensor

/// Two thin matrices beside a layer's weight: `y = x·W + scale · (x·A)·B`.
struct Adapter {
  let layer: LinearLayer
  let rank: Int
  let scale: Double

  init(_ layer: LinearLayer, rank: Int, scale: Double) {
    (self.layer, self.rank, self.scale) = (layer, rank, scale)
  }

  var elementCount: Int { rank * (layer.inputCount + layer.outputCount) }
  private var down: String { "\(layer.name).adapter.down" }
  private var up: String { "\(layer.name).adapter.up" }
  private var parts: [String] { ["reduced", "expanded", "scaled", "frozen"].map { "\(layer.name).adapter.\($0)" } }

  /// Puts the nodes behind the layer's; its output becomes the sum's.
  func insert(into graph: inout Graph, seed: UInt64) throws {
    guard let place = graph.nodes.firstIndex(where: { $0.name == layer.name }), graph.parameters[down] == nil else {
      throw CompressionError(
        "adapted", subject: "layer '\(layer.name)'", expected: "a layer without an adapter", found: "one that has one already")
    }
    var generator = SeededGenerator(seed: seed, stream: "adapter/\(layer.name)")
    let spread = (1 / Double(layer.inputCount)).squareRoot()
    let first = (0..<layer.inputCount * rank).map { _ in Float(spread * generator.normal()) }
    graph.parameters[down] = Parameter(ParameterStorage(Tensor(first, shape: [layer.inputCount, rank])), isTrainable: true)
    graph.parameters[up] = Parameter(
      ParameterStorage(Tensor(zeros: .float32, shape: [rank, layer.outputCount])), isTrainable: true)
    let factor = "\(layer.name).adapter.scale"
    graph.parameters[factor] = Parameter(ParameterStorage(Tensor(scalar: Float(scale))), isTrainable: false)
    var node = graph.nodes[place]
    let output = node.outputs[0]
    node.outputs[0] = parts[3]
    graph.nodes[place] = node
    graph.nodes.insert(
      contentsOf: [
        Node("MatMul", name: parts[0], inputs: [layer.input, down], outputs: [parts[0]]),
        Node("MatMul", name: parts[1], inputs: [parts[0], up], outputs: [parts[1]]),
        Node("Mul", name: parts[2], inputs: [parts[1], factor], outputs: [parts[2]]),
        Node("Add", name: "\(layer.name).adapter.sum", inputs: [parts[3], parts[2]], outputs: [output]),
      ], at: place + 1)
    _ = try graph.inferredTypes()
  }

  /// Adds the product to the weight, and gives the layer the nodes back that it had.
  ///
  /// - Parameter original: the graph before the adapters.
  func merge(in graph: inout Graph, as original: Graph) throws {
    guard let a = graph.parameters[down]?.storage.decoded().doubles, let b = graph.parameters[up]?.storage.decoded().doubles,
      let weight = graph.parameters[layer.weight]?.storage.decoded(), let place = graph.nodes.firstIndex(where: { $0.name == layer.name }),
      let node = original.nodes.first(where: { $0.name == layer.name })
    else { return }
    var values = weight.doubles
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    for input in 0..<inputs {
      for output in 0..<outputs {
        let change = (0..<rank).reduce(0.0) { $0 + a[input * rank + $1] * b[$1 * outputs + output] }
        values[layer.outputAxis == 0 ? output * inputs + input : input * outputs + output] += scale * change
      }
    }
    graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(values.map { Float($0) }, shape: weight.shape))
    graph.nodes[place] = node
    let own = Set(parts[0...2] + ["\(layer.name).adapter.sum"])
    graph.nodes.removeAll { own.contains($0.name) }
    for name in [down, up, "\(layer.name).adapter.scale"] { graph.parameters[name] = nil }
    _ = try graph.inferredTypes()
  }
}
