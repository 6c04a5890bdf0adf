import CPareKernels
import PareGraph

/// A dense layer whose weights are stored as indices into a table of at most 16 numbers: looked up as they are loaded.
struct CodebookDenseStep: WeightFormat {
  var dense: DenseStep
  var indices: [UInt8]
  var table: [Float]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let shared = graph.graph.parameters[node.inputs[1]]?.storage.sharedValues(), shared.table.count <= 16,
      let (planned, dense) = try dense(at: node, in: graph)
    else { return nil }
    var step = planned
    step.body = .fast(CodebookDenseStep(dense: dense, indices: shared.indices.map(UInt8.init), table: shared.table))
    return step
  }

  var forms: ProductForms { float32Forms([.init(operation: pare_operation_dense_lut4)]) }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer? {
    let outputs = dense.bias.count
    let packed = site.pool.place(pare_dense_lut4_packed_count(outputs, dense.inputCount), of: UInt8.self) { packed in
      pare_dense_lut4_pack(indices, outputs, dense.inputCount, dense.outputStride, dense.inputStride, packed)
    }
    let bias = site.pool.place(dense.bias, paddedTo: Tiles.padded(outputs), with: 0)
    return site.pool.place(
      pare_dense_lut4(
        inputs: Int32(dense.inputCount), tiles: Int32(Tiles.count(outputs)), indices: packed,
        table: site.pool.place(table, paddedTo: 16, with: 0), bias: bias, relu: dense.relu ? 1 : 0))
  }
}
