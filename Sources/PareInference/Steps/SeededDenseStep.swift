import CPareKernels
import PareGraph
import PareTensor

/// A dense layer of one row whose bias is computed: it goes on from what was summed before (`LinearRules`).
///
/// Bound in Float32: that of `DenseStep`. Integers are those of `pare.QuantizedDense` with that bias.
struct SeededDenseStep: StepKind {
  private enum Layer: Sendable {
    /// Element (o, i) of the weights at `o · outputStride + i · inputStride`.
    case floats(weights: [Float], outputs: Int, inputs: Int, outputStride: Int, inputStride: Int, relu: Bool)
    case integers(PackedIntegerLayer)
  }

  private var layer: Layer

  static let operators: [OperatorName] = ["Gemm", QuantizedDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let isInteger = node.operatorName == QuantizedDense.name
    guard let seed = node.input(isInteger ? 3 : 2), !graph.isParameter(seed), !graph.isParameter(node.inputs[0]),
      graph.shape(node.inputs[0]).dimensions.dropLast().allSatisfy({ $0 == 1 })
    else { return nil }
    return isInteger ? try integers(node, seed, graph) : try floats(node, seed, graph)
  }

  private static func floats(_ node: Node, _ seed: String, _ graph: StepGraph) throws -> PlannedStep? {
    guard try node.int("transA", default: 0) == 0, try node.float("alpha", default: 1) == 1,
      try node.float("beta", default: 1) == 1, graph.areFloat32(Array(node.inputs.prefix(3)) + node.outputs),
      let weight = graph.constant(node.inputs[1]), weight.shape.rank == 2,
      graph.shape(seed).elementCount == graph.shape(node.outputs[0]).elementCount
    else { return nil }
    let transposed = try node.int("transB", default: 0) != 0
    let (outputs, inputs) = transposed ? (weight.shape[0], weight.shape[1]) : (weight.shape[1], weight.shape[0])
    // A Relu behind it, under another shape or not.
    var (nodes, output, relu) = ([node], node.outputs[0], false)
    var next = graph.soleConsumer(of: output)
    if let reshape = next, reshape.operatorName == "Reshape", reshape.inputs[0] == output {
      nodes.append(reshape)
      next = graph.soleConsumer(of: reshape.outputs[0])
    }
    if let next, next.operatorName == "Relu" {
      (nodes, output, relu) = (nodes + [next], next.outputs[0], true)
    } else {
      nodes = [node]
    }
    return PlannedStep(
      SeededDenseStep(
        layer: .floats(
          weights: weight.values(), outputs: outputs, inputs: inputs, outputStride: transposed ? inputs : 1,
          inputStride: transposed ? 1 : outputs, relu: relu)),
      nodes: nodes, inputs: [node.inputs[0], seed], outputs: [output])
  }

  private static func integers(_ node: Node, _ seed: String, _ graph: StepGraph) throws -> PlannedStep? {
    let outputs = graph.shape(seed).elementCount
    let layer = try QuantizedDense.Layer(node) {
      $0 == 3 ? Tensor(zeros: .int32, shape: [outputs]) : graph.constant(node.inputs[$0])
    }
    return PlannedStep(
      SeededDenseStep(layer: .integers(PackedIntegerLayer(layer))), nodes: [node], inputs: [node.inputs[0], seed],
      outputs: node.outputs)
  }

  private func dense(_ kernels: KernelSelection) -> StepKernel {
    guard case .integers(let layer) = layer else { return kernels.kernel(pare_operation_dense_f32) }
    if case .requantized = layer.ending { return kernels.kernel(pare_operation_dense_u8s8_u8) }
    return kernels.kernel(pare_operation_dense_u8s8_f32)
  }

  var scratchByteCount: Int {
    if case .integers(let layer) = layer { Tiles.padded(layer.bias.count) * 4 } else { 0 }
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    let name = "seed + " + dense(kernels).name
    if case .integers = layer { return StepKernel(name: name, run: pare_step_seeded_dense_u8s8) }
    return StepKernel(name: name, run: pare_step_seeded_dense_f32)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let run = dense(site.kernels).run
    switch layer {
    case .floats(let weights, let outputs, let inputs, let outputStride, let inputStride, let relu):
      let packed = site.pool.place(pare_dense_f32_packed_count(outputs, inputs), of: Float.self) { packed in
        pare_dense_f32_pack(weights, outputs, inputs, outputStride, inputStride, packed)
      }
      return site.pool.place(
        pare_seeded_dense_f32(
          run: run,
          layer: pare_dense_f32(
            inputs: Int32(inputs), tiles: Int32(Tiles.count(outputs)), weights: packed, bias: nil, relu: relu ? 1 : 0),
          seed: site.inputs[1].offset))
    case .integers(let layer):
      return site.pool.place(
        pare_seeded_dense_u8s8(
          run: run, layer: layer.place(in: site.pool), seed: site.inputs[1].offset, scratch: site.scratch,
          outputs: layer.bias.count))
    }
  }
}
