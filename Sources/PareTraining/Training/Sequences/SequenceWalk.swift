import PareGraph
import PareTensor

/// Follows the steps through a window's graph and builds the sequence form.
struct SequenceWalk {
  /// Where the steps and the streams lie.
  private struct Axes: Equatable {
    var time: Int
    var batch: Int
  }

  private let window: Graph
  private let windowSteps: Int
  private let types: [String: ValueType]
  private let streams: Int
  private let consumed: Set<String>
  private var builder: GraphBuilder
  private var axes: [String: Axes] = [:]
  /// What is made of the last step, here of every step.
  private var final: Set<String> = []
  private var carried: [CarriedState] = []
  private var lastLayer: String?

  private static let elementwise: Set<OperatorName> = [
    "Add", "Sub", "Mul", "Div", "Relu", "LeakyRelu", "Elu", "Gelu", "Sigmoid", "Tanh", "Softplus", "HardSigmoid", "Clip",
    "Identity", "Dropout", "Neg", "Abs", "Where", "IsNaN",
  ]
  private static let recurrent: Set<OperatorName> = ["LSTM", "GRU", "RNN"]

  init(_ window: Graph, streams: Int, steps: Int) throws {
    self.window = window
    self.streams = streams
    types = try window.inferredTypes()
    consumed = Set(window.nodes.flatMap(\.inputs) + window.outputs.map(\.name))
    guard window.inputs.count == 1, let input = window.inputs.first, input.type.rank == 3,
      let before = input.type.dimensions[1].fixedValue, input.type.elementType == .float32
    else {
      throw TrainingError(
        "sequence", subject: "graph '\(window.name)'", expected: "one input [batch, steps, features] of float32",
        found: window.inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))
    }
    windowSteps = before
    builder = GraphBuilder(name: window.name)
    builder.reserve(types.keys)
    builder.reserve(window.nodes.map(\.name))
    _ = try builder.input(
      input.name, ValueType(.float32, [.fixed(streams), .fixed(steps), input.type.dimensions[2]]))
    _ = try builder.input(SequenceForm.resets, ValueType(.float32, [.fixed(streams)]))
    for (name, parameter) in window.parameters { _ = try builder.parameter(name, parameter) }
    axes[input.name] = Axes(time: 1, batch: 0)
  }

  func finish(_ window: Graph) throws -> (Graph, String, [CarriedState]) {
    var builder = builder
    guard let lastLayer else {
      throw TrainingError("sequence", subject: "graph '\(window.name)'", expected: "a recurrent layer", found: "none")
    }
    for output in window.outputs {
      guard axes[output.name] == nil else {
        throw TrainingError("sequence", subject: "output '\(output.name)'", expected: "an output of the last step", found: "one of every step")
      }
      try builder.output(output.name)
    }
    let states = try builder.apply("Squeeze", [lastLayer, builder.axes(1)])
    let turned = try builder.apply("Transpose", [states], attributes: ["perm": .ints([1, 0, 2])], output: builder.freshValueName("sequence.states"))
    return (builder.graph, turned, carried)
  }

  private func refusal(_ node: Node, _ found: String) -> TrainingError {
    TrainingError(
      "sequence", subject: "node '\(node.name)' (\(node.operatorName))", expected: "an operator that treats each step by itself",
      found: found)
  }

  mutating func visit(_ node: Node) throws {
    let timed = node.inputs.filter { axes[$0] != nil }
    let isFinal = node.inputs.contains(where: final.contains)
    guard !timed.isEmpty else {
      if isFinal {
        if Self.recurrent.contains(node.operatorName) { throw refusal(node, "a layer on the last step alone") }
        final.formUnion(node.outputs)
      }
      return try builder.append(node)
    }
    guard !isFinal else { throw refusal(node, "steps beside what was made of the last") }
    if Self.elementwise.contains(node.operatorName) { return try elementwise(node, timed) }
    guard timed == [node.inputs[0]], let place = axes[node.inputs[0]] else { throw refusal(node, "steps as another input than the first") }
    switch node.operatorName {
    case "LSTM", "GRU", "RNN": try layer(node, place)
    case "Transpose":
      guard let order = try node.ints("perm"), let time = order.firstIndex(of: place.time),
        let batch = order.firstIndex(of: place.batch)
      else { throw refusal(node, "an order of axes that is not given") }
      try keep(node, Axes(time: time, batch: batch))
    case "Squeeze":
      let rank = types[node.inputs[0]]?.rank ?? 0
      guard let gone = try constants(node, 1)?.map({ $0 < 0 ? $0 + rank : $0 }), !gone.contains(place.time), !gone.contains(place.batch)
      else { throw refusal(node, "axes of steps or streams") }
      try keep(
        node, Axes(time: place.time - gone.count { $0 < place.time }, batch: place.batch - gone.count { $0 < place.batch }))
    case "MatMul":
      let rank = types[node.inputs[0]]?.rank ?? 0
      guard max(place.time, place.batch) < rank - 1, types[node.inputs[1]]?.rank == 2 else { throw refusal(node, "a product along the steps") }
      try keep(node, place)
    case "LayerNormalization":
      let rank = types[node.inputs[0]]?.rank ?? 0
      let axis = try node.int("axis", default: -1)
      guard max(place.time, place.batch) < (axis < 0 ? axis + rank : axis) else { throw refusal(node, "a norm along the steps") }
      try keep(node, place)
    case "Gather": try last(node, place)
    default: throw refusal(node, "one that mixes them or is not known to do so")
    }
  }

  private mutating func keep(_ node: Node, _ place: Axes) throws {
    try builder.append(node)
    if let output = node.outputs.first { axes[output] = place }
  }

  private func constants(_ node: Node, _ index: Int) throws -> [Int]? {
    guard let name = node.input(index), let parameter = window.parameters[name], !parameter.isTrainable else { return nil }
    return parameter.storage.decoded().doubles.map { Int($0) }
  }

  private mutating func elementwise(_ node: Node, _ timed: [String]) throws {
    // Operands broadcast from the right.
    let rank = types[node.outputs[0]]?.rank ?? 0
    func aligned(_ name: String) -> Axes? {
      guard let place = axes[name], let own = types[name]?.rank else { return nil }
      return Axes(time: place.time + rank - own, batch: place.batch + rank - own)
    }
    guard let place = aligned(timed[0]), timed.allSatisfy({ aligned($0) == place }) else { throw refusal(node, "steps on two axes") }
    for name in node.inputs where axes[name] == nil && !name.isEmpty {
      let dimensions = types[name]?.dimensions ?? []
      for axis in [place.time, place.batch] where axis - (rank - dimensions.count) >= 0 {
        guard dimensions[axis - (rank - dimensions.count)] == 1 else { throw refusal(node, "a constant for each step") }
      }
    }
    try keep(node, place)
  }

  private mutating func layer(_ node: Node, _ place: Axes) throws {
    guard place == Axes(time: 0, batch: 1), try node.int("layout", default: 0) == 0,
      try node.string("direction", default: "forward") == "forward", node.input(4) == nil
    else { throw refusal(node, "another layout or direction than steps, streams, features forward, or lengths") }
    let units = types[node.inputs[2]]?.dimensions.last?.fixedValue ?? 0
    let stateCount = node.operatorName == "LSTM" ? 2 : 1
    var layer = node
    layer.inputs += [String](repeating: "", count: max(5 + stateCount - layer.inputs.count, 0))
    layer.outputs += [String](repeating: "", count: max(1 + stateCount - layer.outputs.count, 0))
    let given = layer.outputs
    let resets = try builder.unsqueezed(SequenceForm.resets, axis: 1)
    let kept = try builder.difference(of: builder.number(1, like: resets), and: resets)
    for index in 0..<stateCount {
      if let initial = node.input(5 + index) {
        guard let parameter = window.parameters[initial], !parameter.isTrainable,
          parameter.storage.decoded().doubles.allSatisfy({ $0 == 0 })
        else { throw refusal(node, "other first states than zeros") }
      }
      let name = builder.freshValueName("\(node.name).\(["h", "c"][index])")
      let state = try builder.parameter(name, Tensor(zeros: .float32, shape: [streams, units]), isTrainable: false)
      layer.inputs[5 + index] = try builder.unsqueezed(builder.product(state, kept), axis: 0)
      layer.outputs[1 + index] = builder.freshValueName("\(name).last")
      builder.reserve([layer.outputs[1 + index]])
      carried.append(CarriedState(parameter: name, value: ""))
    }
    if layer.outputs[0].isEmpty {
      layer.outputs[0] = builder.freshValueName("\(node.name).states")
    }
    try builder.append(layer)
    for index in 0..<stateCount {
      let value = try builder.apply("Squeeze", [layer.outputs[1 + index], builder.axes(0)])
      carried[carried.count - stateCount + index].value = value
    }
    let states = layer.outputs[0]
    axes[states] = Axes(time: 0, batch: 2)
    lastLayer = states
    if stateCount == 2, consumed.contains(given[2]), !given[2].isEmpty { throw refusal(node, "a use of the last cell") }
    guard !given[1].isEmpty, consumed.contains(given[1]) else { return }
    // [steps, 1, streams, units] → [1, streams · steps, units], under the name of the last state.
    let turned = try builder.apply("Transpose", [states], attributes: ["perm": .ints([1, 2, 0, 3])])
    let shape = try builder.constant(Tensor([1, -1, Int64(units)]), named: "shape")
    _ = try builder.apply("Reshape", [turned, shape], output: given[1])
    final.insert(given[1])
  }

  /// The last step of `[steps, batch, …]` or `[batch, steps, …]`: here each of them.
  private mutating func last(_ node: Node, _ place: Axes) throws {
    let type = types[node.inputs[0]]
    let axis = try node.int("axis", default: 0)
    guard let rank = type?.rank, (axis < 0 ? axis + rank : axis) == place.time, Set([place.time, place.batch]) == [0, 1],
      types[node.inputs[1]]?.rank == 0, let index = try constants(node, 1), index == [-1] || index == [windowSteps - 1]
    else { throw refusal(node, "other steps than the last") }
    var value = node.inputs[0]
    if place.time == 0 {
      value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0] + Array(2..<rank))])
    }
    let rest = try type?.dimensions.dropFirst(2).map { dimension -> Int64 in
      guard let extent = dimension.fixedValue else { throw refusal(node, "extents that are not known") }
      return Int64(extent)
    }
    let shape = try builder.constant(Tensor([-1] + (rest ?? [])), named: "shape")
    _ = try builder.apply("Reshape", [value, shape], output: node.outputs[0])
    final.insert(node.outputs[0])
  }
}
