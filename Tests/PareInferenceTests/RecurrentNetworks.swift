import PareGraph
import PareTensor

/// Stacks of recurrent layers, drawn from a seed, around them what exporters write.
struct RecurrentNetwork {
  var isLSTM: Bool
  var features: Int
  var hidden: [Int]
  var steps: Int
  var seed: UInt64 = 1
  /// Batch first, with transpositions around the layers and first states that are zeros: as PyTorch's exporter writes
  /// it. Otherwise time first, with Squeeze between layers.
  var isTorch = false
  var direction = "forward"
  /// The head on the last of all layers' last states, as PyTorch's exporter writes a GRU's second output.
  var takesStates = false
  /// Of a GRU: `linear_before_reset` 0.
  var resetsFirst = false
  /// What weights become in the quantized graph.
  var weights = RecurrentWeights.int8
  /// Classes of a head with a decision; 0 for one number.
  var classes = 0

  func name(_ layer: Int) -> String { "\(isLSTM ? "lstm" : "gru")_\(layer)" }

  var ranges: [String: RecurrentRanges] {
    Dictionary(
      uniqueKeysWithValues: hidden.indices.map {
        (name($0), RecurrentRanges(inputScale: 8 / 255, inputZeroPoint: 128, cell: 8))
      })
  }

  var inputShape: Shape { isTorch ? [1, steps, features] : [steps, 1, features] }

  func window(seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "window")
    return (0..<steps * features).map { _ in Float(generator.normal()) }
  }

  func graph(quantized: Bool) throws -> Graph {
    let graph = try graph()
    return quantized ? try RecurrentQuantization.quantize(graph, ranges, weights: weights) : graph
  }

  private func graph() throws -> Graph {
    var generator = SeededGenerator(seed: seed)
    var builder = GraphBuilder(name: "recurrent")
    func draw(_ shape: Shape, _ spread: Double) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(spread * (2 * generator.uniform() - 1)) }, shape: shape)
    }
    func integers(_ values: [Int64]) throws -> String { try builder.constant(Tensor(values)) }
    let directions = direction == "bidirectional" ? 2 : 1
    var value = try builder.input("x", ValueType(.float32, inputShape.dimensions.map(Dimension.fixed)))
    value = try builder.apply("Mul", [value, builder.constant(draw([features], 1))])
    if isTorch { value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2])]) }
    var extent = features
    var states: [String] = []
    for (index, count) in hidden.enumerated() {
      let (rows, spread) = ((isLSTM ? 4 : 3) * count, 1 / Double(count).squareRoot())
      var inputs = [value]
      for (stem, shape) in [
        ("W", [directions, rows, extent]), ("R", [directions, rows, count]), ("B", [directions, 2 * rows]),
      ] as [(String, Shape)] {
        inputs.append(try builder.constant(draw(shape, spread), named: "\(stem)\(index)"))
      }
      if isTorch {
        let zeros = try builder.apply(
          "Expand", [builder.constant(Tensor(scalar: Float(0))), integers([Int64(directions), 1, Int64(count)])])
        inputs += ["", zeros] + (isLSTM ? [zeros] : [])
      }
      var attributes: [String: Attribute] = ["direction": .string(direction)]
      if !isLSTM { attributes["linear_before_reset"] = .int(resetsFirst ? 0 : 1) }
      states.append("\(name(index)).state")
      try builder.append(
        Node(
          isLSTM ? "LSTM" : "GRU", name: name(index), inputs: inputs, outputs: [name(index), states[index]],
          attributes: attributes))
      value = name(index)
      if isTorch || directions > 1 {
        value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1, 3])])
        value = try builder.apply("Reshape", [value, integers([Int64(steps), 1, Int64(directions * count)])])
      } else {
        value = try builder.apply("Squeeze", [value, integers([1])])
      }
      extent = directions * count
    }
    var last = try builder.constant(Tensor(scalar: Int64(isTorch ? steps - 1 : -1)))
    if takesStates {
      value = try builder.apply("Concat", states, attributes: ["axis": .int(0)])
      last = try builder.constant(Tensor(scalar: Int64(hidden.count - 1)))
    } else if isTorch { value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2])]) }
    value = try builder.apply("Gather", [value, last], attributes: ["axis": .int(isTorch && !takesStates ? 1 : 0)])
    let head = [
      value, try builder.constant(draw([max(classes, 1), extent], 1 / Double(extent).squareRoot())),
      try builder.constant(draw([max(classes, 1)], 0.1)),
    ]
    value = try builder.apply("Gemm", head, attributes: ["transB": .int(1)], output: "y")
    try builder.output(value)
    if classes > 0 {
      let probabilities = try builder.apply("Softmax", [value], output: "probabilities")
      let thresholds = try builder.constant(Tensor([Float(0.34), 0.34]))
      try builder.output(builder.apply("pare.Decide", [probabilities, thresholds], output: "decision"))
    }
    return builder.graph
  }
}
