import CPareKernels
import PareGraph

/// A quantized layer of one row with so many zeros among its weights that leaving them out is faster: whole groups of four
/// inputs of a tile of outputs, or in slots wherever they are (2:4 fills half of them). The bits are those of the dense layer.
struct SparseQuantizedDenseStep: WeightFormat {
  var dense: QuantizedDenseStep
  /// What each form holds.
  private var blocks: pare_sparse_count
  private var narrow: pare_sparse_count
  private var wide: pare_sparse_count

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard var step = try QuantizedDenseStep.step(at: node, in: graph), case .fast(let kind) = step.body,
      let dense = kind as? QuantizedDenseStep, dense.rowCount == 1
    else { return nil }
    let layer = dense.layer
    let zeros = layer.weights.count { $0 == 0 }
    // With fewer zeros than this no form has ever paid.
    guard zeros * 6 > layer.weights.count else { return nil }
    let (outputs, inputs) = (layer.outputCount, layer.inputCount)
    step.body = .fast(
      SparseQuantizedDenseStep(
        dense: dense, blocks: pare_dense_block_u8s8_count(layer.weights, outputs, inputs),
        narrow: pare_dense_slots_u8s8_count(layer.weights, outputs, inputs, Int(PARE_NARROW_BLOCK)),
        wide: pare_dense_slots_u8s8_count(layer.weights, outputs, inputs, Int(PARE_WIDE_BLOCK))))
    return step
  }

  var forms: ProductForms {
    let layer = dense.layer
    let whole = Double(Tiles.count(layer.outputCount) * layer.inputCount)
    func share(_ count: pare_sparse_count) -> Double { Double(count.entries * Int(PARE_GROUP)) / whole }
    let names = operations
    return ProductForms(
      dense: dense.operation, extent: StepExtent(inputs: layer.inputCount, outputs: layer.outputCount),
      others: [
        .init(operation: names.blocks, share: share(blocks)), .init(operation: names.narrow, share: share(narrow)),
        .init(operation: names.wide, share: share(wide)),
      ])
  }

  func remark(_ kernels: KernelSelection) -> String? { forms.zerosRemark(kernels) }

  private var operations: (blocks: pare_operation, narrow: pare_operation, wide: pare_operation) {
    switch dense.layer.ending {
    case .requantized:
      (pare_operation_dense_block_u8s8_u8, pare_operation_dense_slots16_u8s8_u8, pare_operation_dense_slots64_u8s8_u8)
    case .dequantized:
      (pare_operation_dense_block_u8s8_f32, pare_operation_dense_slots16_u8s8_f32, pare_operation_dense_slots64_u8s8_f32)
    }
  }

  func pack(as operation: pare_operation, at site: StepSite) -> UnsafeRawPointer? {
    let layer = dense.layer
    let (outputs, inputs) = (layer.outputCount, layer.inputCount)
    let isBlocks = operation == operations.blocks
    let isNarrow = operation == operations.narrow
    let count = isBlocks ? blocks : isNarrow ? narrow : wide
    let counts = Scratch<Int32>(Tiles.count(outputs) * (isBlocks ? 1 : 2))
    let columns = Scratch<Int32>(count.columns)
    let entries = Scratch<Int8>(count.bytes)
    if isBlocks {
      pare_dense_block_u8s8_pack(layer.weights, outputs, inputs, counts.start, columns.start, entries.start)
    } else {
      let block = Int(isNarrow ? PARE_NARROW_BLOCK : PARE_WIDE_BLOCK)
      pare_dense_slots_u8s8_pack(layer.weights, outputs, inputs, block, counts.start, columns.start, entries.start)
    }
    var operands = PackedIntegerLayer(layer).placeEnding(in: site.pool)
    operands.weights = entries.place(in: site.pool)
    return site.pool.place(
      pare_sparse_u8s8(layer: operands, counts: counts.place(in: site.pool), columns: columns.place(in: site.pool)))
  }
}
