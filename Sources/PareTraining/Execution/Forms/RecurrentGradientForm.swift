import CPareKernels
import PareGraph
import PareTensor

/// The gradient of a layer, from the last step to the first: at each the cells' gradient, then the products while it is
/// in the cache. Copies of a step's operands are padded to whole vectors, so that no product has an odd end.
final class RecurrentGradientForm: Sendable {
  private typealias Step = @convention(c) (UnsafePointer<pare_recurrent_step_gradient>?) -> Void
  private typealias Product = @convention(c) (
    UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int, Int, Int, Int
  ) -> Void

  private let kind: RecurrentForms.Kind
  private let layer: RecurrentLayer
  private let step: KernelPointer<Step>
  private let product: KernelPointer<Product>
  private let hasInput: [Bool]
  /// For each input of the layer, which output holds the gradient by it.
  private let outputs: [Int?]
  private let memory: RecurrentMemory
  private let active: RecurrentMemory
  /// Extents rounded up to whole vectors.
  private let hidden: Int
  private let features: Int
  private let inputSlots: [Int]
  private let stateSlots: [Int]
  /// Elements from one row of products to the next: not a power of two, whose rows would share cache sets.
  private let stride: Int

  private enum Piece {
    static let r = 0, w = 1, dr = 2, dw = 3, sums = 4, dh = 5, dc = 6, h = 7, c = 8, x = 9, dx = 10, products = 11
  }

  init?(_ kind: RecurrentForms.Kind, _ layer: RecurrentLayer, _ context: PreparationContext, _ kernels: TrainingKernels) throws {
    guard let step = kind == .lstm ? kernels.recurrent.lstm_gradient : kernels.recurrent.gru_gradient,
      let product = kernels.recurrent.accumulate_product, case .strings(let names)? = context.node.attributes["by"]
    else { return nil }
    (self.kind, self.layer) = (kind, layer)
    (inputSlots, stateSlots) = (kind.inputSlots, kind.stateSlots)
    (self.step, self.product) = (KernelPointer(step), KernelPointer(product))
    hasInput = context.node.inputs.indices.map(context.has)
    outputs = ["X", "W", "R", "B", "", "initial_h", "initial_c"].map { names.firstIndex(of: $0) }
    let padding = Int(PARE_RECURRENT_PADDING)
    hidden = (layer.hidden + padding - 1) / padding * padding
    features = (layer.features + padding - 1) / padding * padding
    stride = 4 * hidden + padding
    let states = layer.batch * hidden
    memory = RecurrentMemory([
      4 * hidden * hidden, 4 * hidden * features, 4 * hidden * hidden, 4 * hidden * features, 4 * hidden, states, states,
      states, states, layer.batch * features, layer.batch * features, layer.batch * stride,
    ])
    active = RecurrentMemory([layer.batch])
  }

  func run(_ buffers: EvaluationBuffers) throws {
    let lengths = try layer.lengths(buffers)
    for direction in layer.directions.indices { run(buffers, direction, lengths) }
  }

  private func run(_ buffers: EvaluationBuffers, _ direction: Int, _ lengths: UnsafePointer<Int32>?) {
    let (batch, isReversed) = (layer.batch, layer.directions[direction])
    func given(_ input: Int) -> UnsafePointer<Float>? { hasInput[input] ? buffers.input(input) : nil }
    let x: UnsafePointer<Float> = buffers.input(RecurrentInput.x)
    let y: UnsafePointer<Float> = buffers.input(kind.inputCount)
    let trace: UnsafePointer<Float> = buffers.input(kind.inputCount + 1)
    let dy = given(kind.inputCount + 2)
    let byX: UnsafeMutablePointer<Float>? = outputs[RecurrentInput.x].map { buffers.output($0) }
    let wantsW = outputs[RecurrentInput.w] != nil
    let wantsR = outputs[RecurrentInput.r] != nil

    let stateRows = layer.stateRows(direction)
    let initialH = given(RecurrentInput.initialStates[0]).map { RecurrentRows($0, stateRows) }
    let initialC = kind == .lstm ? given(RecurrentInput.initialStates[1]).map { RecurrentRows($0, stateRows) } : nil
    for index in 0..<kind.stateCount {
      let last = given(kind.inputCount + 3 + index).map { RecurrentRows($0, stateRows) }
      copyRows(to: memory[Piece.dh + index], width: hidden, count: layer.hidden) { row in
        lengths.map { $0[row] > 0 } ?? true ? last?[row] : nil
      }
    }
    spreadWeights(buffers, direction)
    memory[Piece.dr].update(repeating: 0, count: 4 * hidden * hidden)
    memory[Piece.dw].update(repeating: 0, count: 4 * hidden * features)
    memory[Piece.sums].update(repeating: 0, count: 4 * hidden)

    let mask = UnsafeMutableRawPointer(active[0]).assumingMemoryBound(to: UInt8.self)
    let products = UnsafePointer(memory[Piece.products])
    var call = pare_recurrent_step_gradient()
    (call.rows, call.hidden, call.padded) = (batch, layer.hidden, hidden)
    (call.h, call.c) = (UnsafePointer(memory[Piece.h]), UnsafePointer(memory[Piece.c]))
    (call.dh, call.dc, call.sums) = (memory[Piece.dh], memory[Piece.dc], memory[Piece.sums])
    (call.products, call.products_stride) = (memory[Piece.products], stride)
    call.active = lengths == nil ? nil : UnsafePointer(mask)
    for index in (0..<layer.steps).reversed() {
      let time = isReversed ? layer.steps - 1 - index : index
      let before = isReversed ? time + 1 : time - 1
      if let lengths { for row in 0..<batch { mask[row] = time < Int(lengths[row]) ? 1 : 0 } }
      func startsHere(_ row: Int) -> Bool { index == 0 || (isReversed && lengths.map { before >= Int($0[row]) } ?? false) }

      let inputs = RecurrentRows(x, layer.inputRows(at: time))
      let gates = RecurrentRows(trace, layer.traceRows(direction, at: time, width: kind.traceCount * layer.hidden))
      copyRows(to: memory[Piece.x], width: features, count: layer.features) { inputs[$0] }
      copyRows(to: memory[Piece.h], width: hidden, count: layer.hidden) { row in
        startsHere(row) ? initialH?[row] : RecurrentRows(y, layer.outputRows(direction, at: before))[row]
      }
      if kind == .lstm {
        copyRows(to: memory[Piece.c], width: hidden, count: layer.hidden) { row in
          guard !startsHere(row) else { return initialC?[row] }
          return RecurrentRows(trace, layer.traceRows(direction, at: before, width: 5 * layer.hidden))[row] + 4 * layer.hidden
        }
      }
      (call.gates, call.gates_stride) = (gates.first, gates.stride)
      if let dy {
        let rows = RecurrentRows(dy, layer.outputRows(direction, at: time))
        (call.dy, call.dy_stride) = (rows.first, rows.stride)
      }
      step.call(&call)

      // From here on the products, of which W and R have some of the four vectors, next to each other.
      let (byInput, byState) = (products, products + (kind == .lstm ? 0 : hidden))
      let depth = kind.gateCount * hidden
      product.call(
        byState, stride, 1, UnsafePointer(memory[Piece.r]), hidden, memory[Piece.dh], hidden, batch, hidden, depth)
      if wantsR {
        product.call(
          byState, 1, stride, UnsafePointer(memory[Piece.h]), hidden, memory[Piece.dr], hidden, depth, hidden, batch)
      }
      if wantsW {
        product.call(
          byInput, 1, stride, UnsafePointer(memory[Piece.x]), features, memory[Piece.dw], features, depth, features, batch)
      }
      if let byX {
        let dx = memory[Piece.dx]
        let rows = layer.inputRows(at: time)
        if direction == 0 {
          dx.update(repeating: 0, count: batch * features)
        } else {
          // What the other direction has left.
          copyRows(to: dx, width: features, count: layer.features) { UnsafePointer(byX + rows.offset + $0 * rows.stride) }
        }
        product.call(byInput, stride, 1, UnsafePointer(memory[Piece.w]), features, dx, features, batch, features, depth)
        for row in 0..<batch {
          (byX + rows.offset + row * rows.stride).update(from: dx + row * features, count: layer.features)
        }
      }
    }
    writeWeightGradients(buffers, direction)
    for index in 0..<kind.stateCount {
      guard let output = outputs[RecurrentInput.initialStates[index]] else { continue }
      let start = buffers.output(output, as: Float.self) + stateRows.offset
      for row in 0..<batch {
        (start + row * stateRows.stride).update(from: memory[Piece.dh + index] + row * hidden, count: layer.hidden)
      }
    }
  }

  /// Copies `count` elements of each row, zeros where there is none, to rows of `width`.
  @inline(__always)
  private func copyRows(
    to copy: UnsafeMutablePointer<Float>, width: Int, count: Int, _ source: (Int) -> UnsafePointer<Float>?
  ) {
    for row in 0..<layer.batch {
      if let source = source(row) {
        (copy + row * width).update(from: source, count: count)
      } else {
        (copy + row * width).update(repeating: 0, count: count)
      }
    }
  }

  /// Calls `body` with each row of a weight matrix as it is stored, and its row among the products' vectors.
  private func forEachRow(_ slots: [Int], from first: Int, _ body: (Int, Int) -> Void) {
    for (gate, slot) in slots.enumerated() {
      for unit in 0..<layer.hidden { body(gate * layer.hidden + unit, (slot - first) * hidden + unit) }
    }
  }

  private var firstStateSlot: Int { kind == .lstm ? 0 : 1 }

  private func spreadWeights(_ buffers: EvaluationBuffers, _ direction: Int) {
    let rows = direction * kind.gateCount * layer.hidden
    let r = buffers.input(RecurrentInput.r, as: Float.self) + rows * layer.hidden
    forEachRow(stateSlots, from: firstStateSlot) { stored, row in
      (memory[Piece.r] + row * hidden).update(from: r + stored * layer.hidden, count: layer.hidden)
    }
    guard outputs[RecurrentInput.x] != nil else { return }
    let w = buffers.input(RecurrentInput.w, as: Float.self) + rows * layer.features
    forEachRow(inputSlots, from: 0) { stored, row in
      (memory[Piece.w] + row * features).update(from: w + stored * layer.features, count: layer.features)
    }
  }

  private func writeWeightGradients(_ buffers: EvaluationBuffers, _ direction: Int) {
    let rows = kind.gateCount * layer.hidden
    if let output = outputs[RecurrentInput.w] {
      let dw = buffers.output(output, as: Float.self) + direction * rows * layer.features
      forEachRow(inputSlots, from: 0) { stored, row in
        (dw + stored * layer.features).update(from: memory[Piece.dw] + row * features, count: layer.features)
      }
    }
    if let output = outputs[RecurrentInput.r] {
      let dr = buffers.output(output, as: Float.self) + direction * rows * layer.hidden
      forEachRow(stateSlots, from: firstStateSlot) { stored, row in
        (dr + stored * layer.hidden).update(from: memory[Piece.dr] + row * hidden, count: layer.hidden)
      }
    }
    if let output = outputs[RecurrentInput.b] {
      let db = buffers.output(output, as: Float.self) + direction * 2 * rows
      forEachRow(inputSlots, from: 0) { stored, row in db[stored] = memory[Piece.sums][row] }
      forEachRow(stateSlots, from: 0) { stored, row in db[rows + stored] = memory[Piece.sums][row] }
    }
  }
}
