import CPareKernels
import PareGraph
import PareTensor

/// A recurrent layer on integers over one sequence, or one row of it with the state kept.
struct QuantizedRecurrentStep: StepKind {
  var layer: QuantizedRecurrentLayer
  var site: RecurrentSite
  /// First states that are kept among the constants, for rows.
  var firstBytes: [UInt8]?
  var firstState: [Int16]?

  static let operators: [OperatorName] = [QuantizedLSTM.name, QuantizedGRU.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let isLSTM = node.operatorName == QuantizedLSTM.name
    let input = QuantizedRecurrentInput.self
    let layer = try QuantizedRecurrentLayer(node, isLSTM: isLSTM) { graph.constant(node.input($0) ?? "") }
    guard layer.hasKernel,
      let site = try RecurrentSite(
        node, directions: layer.directions.count, isReversed: layer.directions[0].isReversed,
        stateInputs: isLSTM ? [input.initialState, input.initialCell] : [input.initialState], in: graph)
    else { return nil }
    var step = QuantizedRecurrentStep(layer: layer, site: site)
    if site.isRowByRow {
      func constant(_ index: Int) -> Tensor? { node.input(index).flatMap(graph.constant) }
      step.firstBytes = isLSTM ? constant(input.initialState)?.values(as: UInt8.self) : nil
      step.firstState = constant(isLSTM ? input.initialCell : input.initialState)?.values(as: Int16.self)
    }
    return PlannedStep(step, nodes: [node], inputs: site.inputs, outputs: site.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    let name = kernels.recurrentIntegers().map { String(cString: $0.pointee.name) } ?? ""
    return StepKernel(
      name: "recurrent_s16/\(name)", run: site.isRowByRow ? pare_recurrent_s16_run_row : pare_recurrent_s16_run_sequence)
  }

  /// By the row of an LSTM of the same width.
  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: site.features, outputs: layer.hidden,
      times: Double(site.steps * layer.directions.count * layer.gateCount) / 4, formOf: .recurrent)
  }

  var isStream: Bool { site.isRowByRow }
  var scratchByteCount: Int {
    site.isRowByRow
      ? 2 * pare_recurrent_row_scratch(layer.gateCount, layer.hidden)
      : pare_recurrent_s16_scratch_bytes(layer.gateCount, layer.hidden)
  }
  var stateByteCount: Int { site.isRowByRow ? pare_recurrent_s16_memory_bytes(layer.gateCount, layer.hidden) : 0 }

  func pack(at place: StepSite) -> UnsafeRawPointer? {
    var layers = layer.directions.map { packed($0, place) }
    let (last, cell) = (site.offset(ofOutput: 1, at: place), site.offset(ofOutput: 2, at: place))
    guard site.isRowByRow else {
      return place.pool.place(
        pare_recurrent_s16_sequence(
          layers: (layers[0], layers[layers.count - 1]),
          reversed: (layer.directions[0].isReversed ? 1 : 0, layer.directions[layers.count - 1].isReversed ? 1 : 0),
          directions: Int32(layers.count), steps: Int32(site.steps), features: Int32(site.features),
          has_state: site.has(state: 0), has_cell: site.has(state: 1), first_state: site.place(ofState: 0, at: place),
          first_cell: site.place(ofState: 1, at: place), scratch: place.scratch, last_state: last, last_cell: cell))
    }
    let firstH = firstBytes.flatMap { place.pool.place($0, paddedTo: $0.count, with: 0) }
    let firstCell = firstState.flatMap { place.pool.place($0, paddedTo: $0.count, with: 0) }
    // The constants of the step that follows.
    layers[0].cell.next = place.pool.address(behindNext: pare_recurrent_s16_row.self)
    return place.pool.place(
      pare_recurrent_s16_row(
        stream: pare_stream(
          reset: pare_recurrent_s16_reset_row, prepare: pare_recurrent_s16_prepare_row,
          bring_near: pare_recurrent_s16_bring_row, run_rows: pare_recurrent_s16_run_rows),
        layer: layers[0], first_h: firstH, first_state: firstCell, memory: place.state, scratch: place.scratch,
        last_state: last, last_cell: cell))
  }

  private func packed(_ direction: QuantizedRecurrentLayer.Direction, _ place: StepSite) -> pare_recurrent_s16_layer {
    var cellBits = 0
    if case .lstm(let bits) = layer.kind { cellBits = bits }
    let (input, recurrent) = (place.pool.place(direction.input), place.pool.place(direction.recurrent))
    return pare_recurrent_s16_layer(
      kernels: place.kernels.recurrentIntegers(), input: input, recurrent: recurrent,
      reset: direction.reset.map { place.pool.place($0) } ?? pare_gate_products(),
      cell: pare_recurrent_cell(
        hidden: Int32(layer.hidden), cell_bits: Int32(cellBits), state_levels: Int32(layer.stateLevels),
        next: recurrent.weights),
      gates: Int32(layer.gateCount))
  }
}

extension QuantizedRecurrentLayer {
  /// Whether no matrix of four bits has more blocks than kernels keep sums of.
  fileprivate var hasKernel: Bool {
    directions.allSatisfy { direction in
      [direction.input, direction.recurrent, direction.reset].compactMap { $0 }.allSatisfy { products in
        products.blocks.map { products.columnCount <= $0.size * Int(PARE_GATE_BLOCKS) } ?? true
      }
    }
  }
}
