import CPareKernels
import PareGraph
import PareTensor

/// `pare.DynamicQuantizedDense` of one row or several, with a Relu after it, as `docs/integer-arithmetic.md`, §16, defines it.
///
/// The kernels are those of layers with a fixed range. What they want besides the weights follows from the scale and the
/// zero point when these are known: `−zx · Σ w` for the bias, `sx · sw` for the scale.
struct DynamicQuantizedDenseStep: StepKind {
  private let layer: DynamicQuantizedDense.Layer
  private let rowCount: Int
  private var relu = false

  static let operators: [OperatorName] = [DynamicQuantizedDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let rows = graph.shape(node.inputs[0]).dimensions.dropLast().reduce(1, *)
    guard !node.inputs[..<3].contains(where: graph.isParameter), rows > 0 else { return nil }
    let layer = try DynamicQuantizedDense.Layer(node) { graph.constant(node.inputs[$0]) }
    guard rows * layer.inputCount <= Int(Int32.max) else { return nil }
    var (step, nodes) = (DynamicQuantizedDenseStep(layer: layer, rowCount: rows), [node])
    if let relu = graph.soleConsumer(of: node.outputs[0]), relu.operatorName == "Relu" {
      step.relu = true
      nodes.append(relu)
    }
    return PlannedStep(step, nodes: nodes, inputs: Array(node.inputs[..<3]), outputs: nodes[nodes.count - 1].outputs)
  }

  private var operation: pare_operation {
    rowCount == 1 ? pare_operation_dense_u8s8_f32 : pare_operation_product_u8s8_f32
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: layer.inputCount, outputs: layer.outputCount, times: Double(rowCount),
      formOf: rowCount == 1 ? .dense : .denseRows)
  }

  /// Under the name of the product's kernel, which takes nearly all of the time and by which cost tables know it.
  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: kernels.kernel(operation).name, run: pare_step_dynamic_dense_u8s8)
  }

  var scratchByteCount: Int { Tiles.padded(layer.outputCount) * (MemoryLayout<Int32>.size + MemoryLayout<Float>.size) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    let sums = (0..<outputs).map { output in
      layer.weights[output * inputs..<(output + 1) * inputs].reduce(0) { $0 + Int32($1) }
    }
    let packed = PackedIntegerLayer(
      weights: layer.weights, inputs: inputs, bias: sums, ending: .dequantized(layer.scales)
    ).place(in: site.pool)
    let (elementwise, bias) = (site.passes.tables.elementwise.pointee, layer.bias ?? [Float](repeating: 0, count: outputs))
    let needsBias = layer.bias != nil || relu
    return site.pool.place(
      pare_dynamic_dense_step(
        run: site.kernels.kernel(operation).run,
        product: packed.product(rows: rowCount, inputs: inputs, outputs: outputs, in: site.pool),
        kernels: site.passes.tables.dynamic, scale: site.inputs[1], zero_point: site.inputs[2],
        finish: needsBias ? (relu ? elementwise.add_bias_relu : elementwise.add_bias) : nil,
        bias: needsBias ? site.pool.place(bias, paddedTo: outputs, with: 0) : nil, scratch: site.scratch))
  }
}
