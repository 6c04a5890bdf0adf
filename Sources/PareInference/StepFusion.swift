import PareGraph
import PareTensor

/// One step of a plan: a kernel that stands for one node or several, or the reference evaluation of one node.
struct PlannedStep: Sendable {
  enum Body: Sendable {
    case fast(FastStep)
    case reference(Evaluation)
  }

  /// Names of the nodes that the step stands for.
  var nodes: [String]
  /// Values and parameters that it reads; a fast step's constants are in its body.
  var inputs: [String]
  var outputs: [String]
  var body: Body

  /// The value that says whether a feature is NaN: an `Int32` under a name that no graph can have.
  static let nanFlag = ""
}

/// Finds the steps of a graph whose shapes are known: chains of nodes that a kernel computes at once.
struct StepFusion {
  private let graph: Graph
  private let types: [String: TensorType]
  private let consumers: [String: [Node]]
  private let outputs: Set<String>
  private var absorbed: Set<String> = []

  init(_ graph: Graph, types: [String: TensorType]) {
    self.graph = graph
    self.types = types
    var consumers: [String: [Node]] = [:]
    for node in graph.nodes {
      for input in Set(node.inputs) { consumers[input, default: []].append(node) }
    }
    self.consumers = consumers
    outputs = Set(graph.outputs.map(\.name))
  }

  /// The steps, in order.
  mutating func steps() throws -> [PlannedStep] {
    var steps: [PlannedStep] = []
    for node in graph.nodes where !absorbed.contains(node.name) {
      let step = try fastStep(node) ?? reference(node)
      absorbed.formUnion(step.nodes)
      steps.append(step)
    }
    return steps
  }

  private func fastStep(_ node: Node) throws -> PlannedStep? {
    switch node.operatorName.description {
    case "Sub", "Mul", "Clip", "pare.QuantizeByReciprocal": try normalization(node)
    case "Gemm": try gemm(node)
    case "MatMul": matMul(node)
    case "pare.QuantizedDense": try quantizedDense(node)
    case "Softmax": try softmax(node)
    case "pare.Decide": decide(node)
    default: nil
    }
  }

  // MARK: kinds of steps

  /// Sub, Mul, Clip and quantization, each there or not, in this order.
  private func normalization(_ first: Node) throws -> PlannedStep? {
    var value = first.inputs[0]
    guard let type = types[value], type.elementType == .float32 else { return nil }
    let count = type.shape.elementCount
    var body = FastStep.Normalization(
      offset: [Float](repeating: 0, count: count), scale: [Float](repeating: 1, count: count))
    var nodes: [Node] = []
    var quantization: (reciprocal: Float, zeroPoint: UInt8)?
    let order: [OperatorName] = ["Sub", "Mul", "Clip", QuantizeByReciprocal.name]
    var stage = 0
    var next: Node? = first
    while let node = next, node.inputs[0] == value, let position = order[stage...].firstIndex(of: node.operatorName),
      types[node.outputs[0]]?.shape == type.shape
    {
      switch position {
      case 0:
        guard let offset = row(node.inputs[1], count: count) else { return finish() }
        body.offset = offset
      case 1:
        guard let scale = row(node.inputs[1], count: count) else { return finish() }
        body.scale = scale
      case 2:
        guard let low = scalar(node.input(1), default: -.infinity), let high = scalar(node.input(2), default: .infinity)
        else { return finish() }
        (body.low, body.high) = (low, high)
      default:
        guard let reciprocal = row(node.inputs[1], count: 1)?[0],
          let zeroPoint = constant(node.inputs[2])?.values(as: UInt8.self)[0]
        else { return finish() }
        quantization = (reciprocal, zeroPoint)
      }
      nodes.append(node)
      value = node.outputs[0]
      stage = position + 1
      next = stage < order.count ? soleConsumer(of: value) : nil
    }
    return finish()

    func finish() -> PlannedStep? {
      guard let last = nodes.last else { return nil }
      let step: FastStep =
        if let quantization {
          .quantize(body, reciprocal: quantization.reciprocal, zeroPoint: quantization.zeroPoint)
        } else {
          .normalize(body)
        }
      return fast(step, nodes: nodes, input: first.inputs[0], output: last.outputs[0])
    }
  }

  private func gemm(_ node: Node) throws -> PlannedStep? {
    guard try node.int("transA", default: 0) == 0, try node.float("alpha", default: 1) == 1,
      try node.float("beta", default: 1) == 1, isRow(node.inputs[0]), let weight = constant(node.inputs[1]),
      weight.elementType == .float32
    else { return nil }
    let transposed = try node.int("transB", default: 0) != 0
    let (outputCount, inputCount) = transposed ? (weight.shape[0], weight.shape[1]) : (weight.shape[1], weight.shape[0])
    var bias = [Float](repeating: 0, count: outputCount)
    if let name = node.input(2) {
      guard let given = row(name, count: outputCount) else { return nil }
      bias = given
    }
    let dense = FastStep.Dense(
      weights: weight.values(), outputStride: transposed ? inputCount : 1, inputStride: transposed ? 1 : outputCount,
      inputCount: inputCount, bias: bias, relu: false)
    return withRelu(dense, nodes: [node])
  }

  /// MatMul with constant weights, and an Add of a constant row after it.
  private func matMul(_ node: Node) -> PlannedStep? {
    guard isRow(node.inputs[0]), let weight = constant(node.inputs[1]), weight.elementType == .float32,
      weight.shape.rank == 2
    else { return nil }
    let (inputCount, outputCount) = (weight.shape[0], weight.shape[1])
    var nodes = [node]
    var bias = [Float](repeating: 0, count: outputCount)
    if let add = soleConsumer(of: node.outputs[0]), add.operatorName == "Add",
      types[add.outputs[0]]?.shape == types[node.outputs[0]]?.shape,
      let given = row(add.inputs[add.inputs[0] == node.outputs[0] ? 1 : 0], count: outputCount)
    {
      bias = given
      nodes.append(add)
    }
    let dense = FastStep.Dense(
      weights: weight.values(), outputStride: 1, inputStride: outputCount, inputCount: inputCount, bias: bias,
      relu: false)
    return withRelu(dense, nodes: nodes)
  }

  private func withRelu(_ dense: FastStep.Dense, nodes: [Node]) -> PlannedStep {
    var (dense, nodes) = (dense, nodes)
    let input = nodes[0].inputs[0]
    if let last = nodes.last, let relu = soleConsumer(of: last.outputs[0]), relu.operatorName == "Relu" {
      dense.relu = true
      nodes.append(relu)
    }
    return fast(.dense(dense), nodes: nodes, input: input, output: nodes[nodes.count - 1].outputs[0])
  }

  private func quantizedDense(_ node: Node) throws -> PlannedStep? {
    guard types[node.inputs[0]]?.shape[0] == 1 else { return nil }
    let layer = try QuantizedDense.Layer(node) { constant(node.inputs[$0]) }
    return fast(.quantizedDense(layer), nodes: [node], input: node.inputs[0], output: node.outputs[0])
  }

  private func softmax(_ node: Node) throws -> PlannedStep? {
    guard let type = types[node.inputs[0]], type.elementType == .float32, let extent = type.shape.dimensions.last,
      extent == type.shape.elementCount, [-1, type.shape.rank - 1].contains(try node.int("axis", default: -1))
    else { return nil }
    return fast(.softmax(count: extent), nodes: [node], input: node.inputs[0], output: node.outputs[0])
  }

  private func decide(_ node: Node) -> PlannedStep? {
    guard isRow(node.inputs[0]), let type = types[node.inputs[0]], let thresholds = row(node.inputs[1], count: 2) else {
      return nil
    }
    return fast(
      .decide(classes: type.shape.elementCount, short: thresholds[0], long: thresholds[1]), nodes: [node],
      input: node.inputs[0], output: node.outputs[0])
  }

  private func fast(_ step: FastStep, nodes: [Node], input: String, output: String) -> PlannedStep {
    PlannedStep(nodes: nodes.map(\.name), inputs: [input], outputs: [output], body: .fast(step))
  }

  private func reference(_ node: Node) throws -> PlannedStep {
    let context = PreparationContext(
      node: node, inputs: node.inputs.map { types[$0] }, outputs: node.outputs.compactMap { types[$0] },
      constants: node.inputs.map { name in
        graph.parameters[name].flatMap { $0.isTrainable ? nil : $0.storage.decoded() }
      })
    let evaluation = try OperatorCatalogue.prepare(context)
    return PlannedStep(nodes: [node.name], inputs: node.inputs, outputs: node.outputs, body: .reference(evaluation))
  }

  // MARK: reading the graph

  /// The only node that uses a value, which is no output of the graph.
  private func soleConsumer(of value: String) -> Node? {
    guard !outputs.contains(value), let users = consumers[value], users.count == 1,
      users[0].inputs.filter({ $0 == value }).count == 1
    else { return nil }
    return users[0]
  }

  private func isRow(_ value: String) -> Bool {
    guard let type = types[value] else { return false }
    return type.elementType == .float32 && type.shape.rank == 2 && type.shape[0] == 1
  }

  private func constant(_ name: String) -> Tensor? { graph.parameters[name]?.storage.decoded() }

  /// A Float32 parameter of `count` elements along its last axis, or one element repeated.
  private func row(_ name: String, count: Int) -> [Float]? {
    guard let tensor = constant(name), tensor.elementType == .float32 else { return nil }
    let values = tensor.values(as: Float.self)
    if values.count == 1 { return [Float](repeating: values[0], count: count) }
    return values.count == count && tensor.shape.dimensions.last == count ? values : nil
  }

  private func scalar(_ name: String?, default value: Float) -> Float? {
    guard let name else { return value }
    return row(name, count: 1)?[0]
  }
}
