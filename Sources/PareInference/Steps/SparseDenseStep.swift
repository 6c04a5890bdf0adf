import CPareKernels
import PareGraph

/// A dense layer with so many zeros among its weights that leaving them out is faster: whole columns of a tile, or in
/// slots wherever they are (2:4 fills half of them).
///
/// Zeros are not multiplied, so an infinite or missing number that meets nothing but zeros does not reach the output.
struct SparseDenseStep: WeightFormat {
  var dense: DenseStep
  /// Columns and slots that the two forms hold, of a tile of weights each.
  var columnCount: Int
  var slotCount: Int

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let (planned, dense) = try dense(at: node, in: graph) else { return nil }
    let (outputs, inputs) = (dense.bias.count, dense.inputCount)
    let zeros = dense.weights.count { $0 == 0 }
    // Slots and columns hold at least what is not 0; with fewer zeros than this no form has ever paid.
    guard zeros * 6 > dense.weights.count else { return nil }
    var step = planned
    step.body = .fast(
      SparseDenseStep(
        dense: dense,
        columnCount: pare_dense_block_entries(dense.weights, outputs, inputs, dense.outputStride, dense.inputStride),
        slotCount: pare_dense_slots_entries(dense.weights, outputs, inputs, dense.outputStride, dense.inputStride)))
    return step
  }

  var forms: ProductForms {
    let whole = Double(Tiles.count(dense.bias.count) * dense.inputCount)
    return float32Forms([
      .init(operation: pare_operation_dense_block_f32, share: Double(columnCount) / whole),
      .init(operation: pare_operation_dense_slots_f32, share: Double(slotCount) / whole),
    ])
  }

  func remark(_ kernels: KernelSelection) -> String? { forms.zerosRemark(kernels) }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer? {
    operation == pare_operation_dense_block_f32 ? packColumns(at: site) : packSlots(at: site)
  }

  private func packColumns(at site: StepSite) -> UnsafeRawPointer? {
    let outputs = dense.bias.count
    let tiles = Tiles.count(outputs)
    let starts = Scratch<Int32>(tiles + 1)
    let columns = Scratch<Int32>(columnCount)
    let weights = Scratch<Float>(columnCount * Tiles.width)
    pare_dense_block_pack(
      dense.weights, outputs, dense.inputCount, dense.outputStride, dense.inputStride, starts.start, columns.start,
      weights.start)
    return site.pool.place(
      pare_dense_block(
        tiles: Int32(tiles), starts: starts.place(in: site.pool), columns: columns.place(in: site.pool),
        weights: weights.place(in: site.pool), bias: site.pool.place(dense.bias, paddedTo: Tiles.padded(outputs), with: 0),
        relu: dense.relu ? 1 : 0))
  }

  private func packSlots(at site: StepSite) -> UnsafeRawPointer? {
    let outputs = dense.bias.count
    let tiles = Tiles.count(outputs)
    let blocks = (dense.inputCount + Int(PARE_SLOT_BLOCK) - 1) / Int(PARE_SLOT_BLOCK)
    let counts = Scratch<UInt8>(tiles * blocks)
    let indices = Scratch<UInt8>(slotCount * Tiles.width)
    let weights = Scratch<Float>(slotCount * Tiles.width)
    pare_dense_slots_pack(
      dense.weights, outputs, dense.inputCount, dense.outputStride, dense.inputStride, counts.start, indices.start,
      weights.start)
    return site.pool.place(
      pare_dense_slots(
        tiles: Int32(tiles), inputs: Int32(dense.inputCount), blocks: Int32(blocks), counts: counts.place(in: site.pool),
        indices: indices.place(in: site.pool), weights: weights.place(in: site.pool),
        bias: site.pool.place(dense.bias, paddedTo: Tiles.padded(outputs), with: 0), relu: dense.relu ? 1 : 0))
  }
}
