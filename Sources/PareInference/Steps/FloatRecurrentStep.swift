import CPareKernels
import PareGraph
import PareTensor

/// An LSTM or GRU in Float32 over one sequence, or one row of it with the state kept: the standard functions. Other kinds
/// are left to the reference.
struct FloatRecurrentStep: StepKind {
  var layer: FloatRecurrentLayer
  var site: RecurrentSite
  /// For each direction whether it runs from the last step to the first.
  var reversed: [Bool]
  /// First states that are kept among the constants, for rows.
  var firstStates: [[Float]?]

  static let operators: [OperatorName] = ["LSTM", "GRU"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let layer = try? FloatRecurrentLayer(node, graph.graph) else {
      guard !graph.isStreamed(node) else {
        throw InferenceError(
          "row-by-row", subject: "node '\(node.name)'", expected: "a layer with standard functions and a kernel",
          found: "another kind of \(node.operatorName)")
      }
      return nil
    }
    let direction = try node.string("direction", default: "forward")
    let reversed = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    let stateInputs = Array(RecurrentInput.initialStates.prefix(layer.isLSTM ? 2 : 1))
    guard
      let site = try RecurrentSite(
        node, directions: reversed.count, isReversed: reversed[0], stateInputs: stateInputs, in: graph)
    else { return nil }
    let states = stateInputs.map { node.input($0).flatMap(graph.constant)?.values(as: Float.self) }
    return PlannedStep(
      FloatRecurrentStep(layer: layer, site: site, reversed: reversed, firstStates: site.isRowByRow ? states : []),
      nodes: [node], inputs: site.inputs, outputs: site.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    let name = kernels.recurrentFloats().map { String(cString: $0.pointee.name) } ?? ""
    return StepKernel(
      name: "recurrent_f32/\(name)", run: site.isRowByRow ? pare_recurrent_f32_run_row : pare_recurrent_f32_run_sequence)
  }

  /// By the row of an LSTM of the same width.
  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: site.features, outputs: hidden, times: Double(site.steps * reversed.count * layer.gateCount) / 4)
  }

  private var hidden: Int { layer.r.shape[2] }

  var isStream: Bool { site.isRowByRow }
  var scratchByteCount: Int {
    site.isRowByRow
      ? 4 * pare_recurrent_row_scratch(layer.gateCount, hidden)
      : pare_recurrent_f32_scratch_bytes(layer.gateCount, hidden)
  }
  var stateByteCount: Int { site.isRowByRow ? pare_recurrent_f32_memory_bytes(layer.gateCount, hidden) : 0 }

  func pack(at place: StepSite) -> UnsafeRawPointer? {
    let layers = packedLayers(place)
    let (last, cell) = (site.offset(ofOutput: 1, at: place), site.offset(ofOutput: 2, at: place))
    guard site.isRowByRow else {
      return place.pool.place(
        pare_recurrent_f32_sequence(
          layers: (layers[0], layers[layers.count - 1]),
          reversed: (reversed[0] ? 1 : 0, reversed[layers.count - 1] ? 1 : 0), directions: Int32(layers.count),
          steps: Int32(site.steps), features: Int32(site.features), has_state: site.has(state: 0),
          has_cell: site.has(state: 1), first_state: site.place(ofState: 0, at: place),
          first_cell: site.place(ofState: 1, at: place), scratch: place.scratch, last_state: last, last_cell: cell))
    }
    func first(_ index: Int) -> UnsafePointer<Float>? {
      guard index < firstStates.count, let state = firstStates[index] else { return nil }
      return place.pool.place(state, paddedTo: state.count, with: 0)
    }
    return place.pool.place(
      pare_recurrent_f32_row(
        stream: pare_stream(
          reset: pare_recurrent_f32_reset_row, prepare: pare_recurrent_f32_prepare_row, bring_near: pare_recurrent_f32_bring_row,
          run_rows: pare_recurrent_f32_run_rows),
        layer: layers[0], first_h: first(0), first_state: first(1), memory: place.state, scratch: place.scratch,
        last_state: last, last_cell: cell))
  }

  private func packedLayers(_ place: StepSite) -> [pare_recurrent_f32_layer] {
    let rows = layer.gateCount * hidden
    let (w, r) = (layer.w.values(as: Float.self), layer.r.values(as: Float.self))
    let bias = layer.summedBiases()
    return reversed.indices.map { direction in
      func products(_ weights: [Float], _ columns: Int, _ bias: [Float], of range: Range<Int>) -> pare_dense_f32 {
        let own = direction * rows + range.lowerBound..<direction * rows + range.upperBound
        return place.pool.place(
          Array(weights[own.lowerBound * columns..<own.upperBound * columns]), inputs: columns, bias: Array(bias[own]))
      }
      let before = layer.resetsFirst ? 2 * hidden : rows
      return pare_recurrent_f32_layer(
        kernels: place.kernels.recurrentFloats(), input: products(w, site.features, bias.input, of: 0..<rows),
        recurrent: products(r, hidden, bias.state, of: 0..<before),
        reset: layer.resetsFirst ? products(r, hidden, bias.state, of: before..<rows) : pare_dense_f32(), hidden: Int32(hidden), gates: Int32(layer.gateCount))
    }
  }
}
