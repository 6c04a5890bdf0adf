import CPareKernels
import PareGraph
import PareTensor

/// `y = W x + b` of each row, with element (o, i) of W at `o · outputStride + i · inputStride`, then Relu or not.
struct DenseStep: StepKind {
  var rowCount: Int
  var weights: [Float]
  var outputStride: Int
  var inputStride: Int
  var inputCount: Int
  var bias: [Float]
  var relu = false

  static let operators: [OperatorName] = ["Gemm", "MatMul"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    node.operatorName == "Gemm" ? try gemm(node, graph) : matMul(node, graph)
  }

  private static func gemm(_ node: Node, _ graph: StepGraph) throws -> PlannedStep? {
    guard try node.int("transA", default: 0) == 0, try node.float("alpha", default: 1) == 1,
      try node.float("beta", default: 1) == 1, let rows = rows(node, graph),
      let weight = graph.constant(node.inputs[1]), weight.elementType == .float32
    else { return nil }
    let transposed = try node.int("transB", default: 0) != 0
    let (outputCount, inputCount) =
      transposed ? (weight.shape[0], weight.shape[1]) : (weight.shape[1], weight.shape[0])
    var bias = [Float](repeating: 0, count: outputCount)
    if let name = node.input(2) {
      guard let given = graph.row(name, count: outputCount) else { return nil }
      bias = given
    }
    return DenseStep(
      rowCount: rows, weights: weight.values(), outputStride: transposed ? inputCount : 1, inputStride: transposed ? 1 : outputCount,
      inputCount: inputCount, bias: bias
    ).withRelu([node], graph)
  }

  /// MatMul with constant weights, and an Add of a constant row after it.
  private static func matMul(_ node: Node, _ graph: StepGraph) -> PlannedStep? {
    guard let rows = rows(node, graph), let weight = graph.constant(node.inputs[1]),
      weight.elementType == .float32, weight.shape.rank == 2
    else { return nil }
    let (inputCount, outputCount) = (weight.shape[0], weight.shape[1])
    var nodes = [node]
    var bias = [Float](repeating: 0, count: outputCount)
    if let add = graph.soleConsumer(of: node.outputs[0]), add.operatorName == "Add",
      graph.types[add.outputs[0]]?.shape == graph.types[node.outputs[0]]?.shape,
      let given = graph.row(add.inputs[add.inputs[0] == node.outputs[0] ? 1 : 0], count: outputCount)
    {
      bias = given
      nodes.append(add)
    }
    return DenseStep(
      rowCount: rows, weights: weight.values(), outputStride: 1, inputStride: outputCount, inputCount: inputCount, bias: bias
    ).withRelu(nodes, graph)
  }

  /// Rows of the product's first input; nil where it is no Float32 matrix, or a parameter.
  private static func rows(_ node: Node, _ graph: StepGraph) -> Int? {
    guard graph.areFloat32([node.inputs[0]]), !graph.isParameter(node.inputs[0]) else { return nil }
    let dimensions = graph.shape(node.inputs[0]).dimensions
    let rows = dimensions.dropLast().reduce(1, *)
    return dimensions.count >= 2 && rows > 0 ? rows : nil
  }

  private func withRelu(_ nodes: [Node], _ graph: StepGraph) -> PlannedStep {
    var (step, nodes) = (self, nodes)
    let input = nodes[0].inputs[0]
    var output = nodes[nodes.count - 1].outputs[0]
    if let relu = graph.soleConsumer(of: output), relu.operatorName == "Relu" {
      step.relu = true
      nodes.append(relu)
      output = relu.outputs[0]
    }
    return PlannedStep(step, nodes: nodes, inputs: [input], outputs: [output])
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(inputs: inputCount, outputs: bias.count, times: Double(rowCount))
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.kernel(rowCount == 1 ? pare_operation_dense_f32 : pare_operation_product_f32)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let outputs = bias.count
    let packed = site.pool.place(pare_dense_f32_packed_count(outputs, inputCount), of: Float.self) { packed in
      pare_dense_f32_pack(weights, outputs, inputCount, outputStride, inputStride, packed)
    }
    let bias = site.pool.place(bias, paddedTo: Tiles.padded(outputs), with: 0)
    if rowCount == 1 {
      return site.pool.place(
        pare_dense_f32(
          inputs: Int32(inputCount), tiles: Int32(Tiles.count(outputs)), weights: packed, bias: bias, relu: relu ? 1 : 0))
    }
    return site.pool.place(
      pare_product_f32(
        rows: Int32(rowCount), inputs: Int32(inputCount), outputs: Int32(outputs), weights: packed, bias: bias,
        relu: relu ? 1 : 0))
  }
}
