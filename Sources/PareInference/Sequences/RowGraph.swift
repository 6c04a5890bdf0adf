import PareGraph
import PareTensor

/// The graph of one row, made of a graph of a whole window: what every row goes through, and what the last one goes
/// through alone.
///
/// The axis of time is followed from the input on. An operator must treat each step by itself (element by element,
/// products with constants, norms along other axes, moves of axes), hand it on (LSTM, GRU) or take the last (Gather,
/// Slice, the last state); anything that mixes steps otherwise is refused.
struct RowGraph {
  private(set) var graph: Graph
  /// Rows of a window.
  let steps: Int
  /// Nodes that hand steps on and so keep a state from row to row.
  private(set) var streamed: Set<String> = []
  /// Whether a state reaches back to the first row.
  private(set) var isRecurrent = false

  private let source: Graph
  private let types: [String: ValueType]
  private let operators: StepwiseOperators
  /// The axis of time of each value that has one.
  private var timeAxis: [String: Int] = [:]
  /// Zeros that a Pad put before the first step, and steps that a convolution made behind the last.
  private var ahead: [String: Int] = [:]
  private var behind: [String: Int] = [:]
  /// Values that are made of the last step.
  private var final: Set<String> = []

  /// - Parameters:
  ///   - window: a graph of known extents.
  ///   - axis: the input's axis of time; by default the one before the last that is longer than 1.
  /// - Throws: `inference.row-by-row`, naming the first node that is in the way.
  init(_ window: Graph, axis: Int? = nil) throws {
    source = window
    types = try window.inferredTypes()
    operators = StepwiseOperators(
      extents: types.mapValues { $0.dimensions.map { $0.fixedValue ?? 1 } }, graph: window)
    graph = window
    graph.nodes = []
    guard window.inputs.count == 1, let input = window.inputs.first, input.type.elementType == .float32, input.type.rank >= 2
    else {
      throw InferenceError(
        "row-by-row", subject: window.name, expected: "one float32 input of rows", found: "\(window.inputs.map(\.name))")
    }
    let extents = input.type.dimensions.map { $0.fixedValue ?? 1 }
    let long = axis.map { [$0] } ?? extents.indices.dropLast().filter { extents[$0] != 1 }
    guard long.count <= 1 else {
      throw InferenceError(
        "row-by-row", subject: "input '\(input.name)'", expected: "steps and features alone", found: "\(input.type)")
    }
    steps = long.first.map { extents[$0] } ?? 1
    if let axis = long.first {
      timeAxis[input.name] = axis
      graph.inputs[0].type.dimensions[axis] = 1
    } else {
      // One step, or any number: wherever the first recurrent layer has it.
      timeAxis[input.name] = extents.count == 2 ? 0 : Self.axisOfTime(in: window) ?? 0
    }
    for node in window.nodes { try visit(node) }
    if let output = window.outputs.first(where: { timeAxis[$0.name] != nil }) {
      throw InferenceError(
        "row-by-row", subject: "output '\(output.name)'", expected: "an output of the last step", found: "one of every step")
    }
    _ = try graph.inferredTypes()
  }

  /// Where extents are 1 an axis cannot be told from its extent: that of the input which a Transpose makes the first.
  private static func axisOfTime(in window: Graph) -> Int? {
    let users = window.nodes.filter { $0.inputs.first == window.inputs[0].name }
    return users.lazy.compactMap { node in
      node.operatorName == "Transpose" ? (try? node.ints("perm")).flatMap { $0?.first } : nil
    }.first
  }

  private func extents(_ value: String) -> [Int] { types[value]?.dimensions.map { $0.fixedValue ?? 1 } ?? [] }

  private func refusal(_ node: Node, _ found: String) -> InferenceError {
    InferenceError(
      "row-by-row", subject: "node '\(node.name)' (\(node.operatorName))",
      expected: "an operator that treats each step by itself", found: found)
  }

  private mutating func visit(_ node: Node) throws {
    let carriesTime = node.inputs.contains { timeAxis[$0] != nil }
    let takesFinal = node.inputs.contains(where: final.contains)
    if carriesTime, takesFinal { throw refusal(node, "steps beside what was made of the last") }
    guard carriesTime else {
      if takesFinal {
        if Self.recurrent.contains(node.operatorName) { throw refusal(node, "a layer on the last step alone") }
        final.formUnion(node.outputs)
      }
      graph.nodes.append(node)
      return
    }
    var rewritten = node
    let axis = try axisAfter(node, &rewritten)
    graph.nodes.append(rewritten)
    if let axis { timeAxis[node.outputs[0]] = axis } else { final.insert(node.outputs[0]) }
    final.formUnion(node.outputs.dropFirst().filter { !$0.isEmpty })
  }

  static let recurrent: Set<OperatorName> = ["LSTM", "GRU", "RNN", "pare.QuantizedLSTM", "pare.QuantizedGRU"]

  /// The axis of time of the first output, nil where it is of the last step alone; `rewritten` fits one row.
  private mutating func axisAfter(_ node: Node, _ rewritten: inout Node) throws -> Int? {
    let name = node.operatorName
    if let zeros = ahead[node.inputs[0]], ["QuantizeLinear", "DequantizeLinear"].contains(name),
      extents(node.inputs[1]).reduce(1, *) == 1
    {
      // Zeros become zero points, and these zeros.
      ahead[node.outputs[0]] = zeros
    } else if node.inputs.contains(where: { ahead[$0] != nil || behind[$0] != nil }), name != "Conv", name != "Slice" {
      throw refusal(node, "steps before the first or behind the last")
    }
    if StepwiseOperators.elementwise.contains(name) { return try elementwise(node) }
    guard let axis = timeAxis[node.inputs[0]], node.inputs.dropFirst().allSatisfy({ timeAxis[$0] == nil }) else {
      guard name == "Concat" else { throw refusal(node, "steps as another input than the first") }
      return try concatenation(node)
    }
    switch name.description {
    case "LSTM", "GRU", "pare.QuantizedLSTM", "pare.QuantizedGRU":
      guard axis == 0, try node.int("layout", default: 0) == 0 else { throw refusal(node, "steps on axis \(axis)") }
      streamed.insert(node.name)
      isRecurrent = true
      return 0
    case "Pad": return try padded(node, axis, &rewritten)
    case "Conv": return try convolved(node, axis, &rewritten)
    case "Reshape", "Gather", "Slice": return try moved(node, axis, &rewritten)
    default:
      guard let place = try operators.axisKept(by: node, axis) else {
        throw refusal(node, "one that mixes them or is not known to do so")
      }
      return place
    }
  }

  private func elementwise(_ node: Node) throws -> Int? {
    let given = node.inputs.filter { !$0.isEmpty }
    let right = Set(given.compactMap { name in timeAxis[name].map { extents(name).count - $0 } })
    guard right.count == 1, let fromRight = right.first else { throw refusal(node, "steps on two axes") }
    for name in given where timeAxis[name] == nil {
      let other = extents(name)
      if other.count >= fromRight, other[other.count - fromRight] != 1 { throw refusal(node, "a constant for each step") }
    }
    return extents(node.outputs[0]).count - fromRight
  }

  private func concatenation(_ node: Node) throws -> Int? {
    let axes = Set(node.inputs.map { timeAxis[$0] })
    let rank = extents(node.outputs[0]).count
    let along = try node.int("axis", default: 0)
    guard axes.count == 1, let axis = axes.first ?? nil, (along < 0 ? along + rank : along) != axis else {
      throw refusal(node, "steps put behind each other")
    }
    return axis
  }

  // MARK: convolutions along time

  /// Zeros before the first step: a convolution takes them in.
  private mutating func padded(_ node: Node, _ axis: Int, _ rewritten: inout Node) throws -> Int? {
    let (before, after) = (extents(node.inputs[0]), extents(node.outputs[0]))
    let value = node.input(2).map { source.parameters[$0]?.storage.decoded().doubles ?? [1] } ?? [0]
    let pads = node.input(1).flatMap { source.parameters[$0]?.storage.decoded().doubles.map { Int($0) } } ?? []
    let axes = node.input(3).flatMap { source.parameters[$0]?.storage.decoded().doubles.map { Int($0) } }
    let place = (axes ?? Array(before.indices)).firstIndex { ($0 < 0 ? $0 + before.count : $0) == axis }
    let others = zip(before, after).enumerated().allSatisfy { $0.offset == axis || $0.element.0 == $0.element.1 }
    guard try node.string("mode", default: "constant") == "constant", value == [0], others, let place,
      pads.count > place, pads[place] == after[axis] - before[axis], ahead[node.inputs[0]] == nil
    else { throw refusal(node, "other pads than zeros before the first step") }
    ahead[node.outputs[0]] = pads[place]
    rewritten = Node("Identity", name: node.name, inputs: [node.inputs[0]], outputs: node.outputs)
    return axis
  }

  /// A convolution that sees no later step, padded by itself, by a Pad before it, or on both sides with a Slice behind it.
  private mutating func convolved(_ node: Node, _ axis: Int, _ rewritten: inout Node) throws -> Int? {
    let window = extents(node.inputs[1])
    guard axis == 2, window.count == 3, try node.string("auto_pad", default: "NOTSET") == "NOTSET",
      behind[node.inputs[0]] == nil
    else { throw refusal(node, "a window over other axes than that of steps") }
    let pads = try node.ints("pads") ?? [0, 0]
    let reach = (window[2] - 1) * (try node.ints("dilations")?.first ?? 1)
    guard try node.ints("strides") ?? [1] == [1], pads.count == 2, pads[0] + (ahead[node.inputs[0]] ?? 0) == reach,
      pads[1] == 0 || pads[1] == reach
    else { throw refusal(node, "a window that sees later steps") }
    if pads[1] > 0 { behind[node.outputs[0]] = pads[1] }
    rewritten.attributes["pads"] = .ints([reach, 0])
    streamed.insert(node.name)
    return axis
  }

  // MARK: operators that move elements

  private mutating func moved(_ node: Node, _ axis: Int, _ rewritten: inout Node) throws -> Int? {
    let (before, after) = (extents(node.inputs[0]), extents(node.outputs[0]))
    func constants(_ index: Int) throws -> [Int]? {
      guard let name = node.input(index) else { return nil }
      guard let tensor = source.parameters[name]?.storage.decoded() else { throw refusal(node, "computed operands") }
      return tensor.doubles.map { Int($0) }
    }
    switch node.operatorName.type {
    case "Reshape":
      guard let place = try operators.axisKept(by: node, axis) else { throw refusal(node, "steps mixed with other axes") }
      var shape = after
      shape[place] = before[axis] == steps ? 1 : after[place]
      rewritten.inputs[1] = constant(Tensor(shape.map(Int64.init)), node)
      return place
    case "Gather":
      let along = try node.int("axis", default: 0)
      guard let indices = try constants(1) else { throw refusal(node, "computed indices") }
      let rank = extents(node.inputs[1]).count
      guard (along < 0 ? along + before.count : along) == axis else {
        return (along < 0 ? along + before.count : along) < axis ? axis + rank - 1 : axis
      }
      guard indices == [-1] || indices == [steps - 1] else { throw refusal(node, "other steps than the last") }
      rewritten.inputs[1] = constant(Tensor([Int64(-1)], shape: Shape([Int](repeating: 1, count: rank))), node)
      return nil
    default:
      guard let starts = try constants(1), let ends = try constants(2) else { throw refusal(node, "computed bounds") }
      let axes = try constants(3)?.map { $0 < 0 ? $0 + before.count : $0 } ?? Array(starts.indices)
      guard let index = axes.firstIndex(of: axis) else { return axis }
      if let more = behind[node.inputs[0]] {
        // What a convolution padded on both sides made behind the last step goes.
        guard axes.count == 1, starts == [0], ends[0] == steps || ends[0] == -more, try constants(4) ?? [1] == [1] else {
          throw refusal(node, "steps behind the last")
        }
        rewritten = Node("Identity", name: node.name, inputs: [node.inputs[0]], outputs: node.outputs)
        return axis
      }
      let stride = try constants(4)?[index] ?? 1
      if stride == 1, starts[index] == 0 || starts[index] <= -steps, ends[index] >= steps { return axis }
      guard stride == 1, starts[index] == -1 || starts[index] == steps - 1, ends[index] >= steps else {
        throw refusal(node, "other steps than the last")
      }
      var bounds = starts
      bounds[index] = -1
      rewritten.inputs[1] = constant(Tensor(bounds.map(Int64.init)), node)
      if types[node.inputs[1]]?.elementType == .int32 {
        rewritten.inputs[2] = constant(Tensor(ends.map(Int64.init)), node)
        rewritten.inputs[3] = constant(Tensor(axes.map(Int64.init)), node)
        if rewritten.inputs.count > 4 { rewritten.inputs[4] = constant(Tensor((try constants(4) ?? []).map(Int64.init)), node) }
      }
      return nil
    }
  }

  /// Adds a parameter under a fresh name.
  private mutating func constant(_ tensor: Tensor, _ node: Node) -> String {
    var name = "\(node.name).row"
    while types[name] != nil || graph.parameters[name] != nil { name += "_" }
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    return name
  }
}
