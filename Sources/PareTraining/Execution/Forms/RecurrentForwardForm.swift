import CPareKernels
import PareGraph
import PareTensor

/// A layer run step by step over the whole batch, its weights packed once per run.
final class RecurrentForwardForm: Sendable {
  private typealias Step = @convention(c) (UnsafePointer<pare_recurrent_step>?) -> Void
  private typealias Pack = @convention(c) (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int, Int) -> Void

  private let kind: RecurrentForms.Kind
  private let layer: RecurrentLayer
  private let step: KernelPointer<Step>
  private let pack: KernelPointer<Pack>
  private let hasBias: Bool
  private let hasH: Bool
  private let hasC: Bool
  private let isTraced: Bool
  private let stateOutputs: Int
  private let memory: RecurrentMemory

  /// The pieces of memory.
  private enum Piece {
    static let inputPanels = 0, statePanels = 1, bias = 2, biasPanels = 3, h = 4, c = 5, nextC = 6
  }

  init?(_ kind: RecurrentForms.Kind, _ layer: RecurrentLayer, _ context: PreparationContext, _ kernels: TrainingKernels) throws {
    guard let step = kind == .lstm ? kernels.recurrent.lstm : kernels.recurrent.gru, let pack = kernels.recurrent.pack else {
      return nil
    }
    (self.kind, self.layer) = (kind, layer)
    (self.step, self.pack) = (KernelPointer(step), KernelPointer(pack))
    hasBias = context.has(RecurrentInput.b)
    hasH = context.has(RecurrentInput.initialStates[0])
    hasC = kind == .lstm && context.has(RecurrentInput.initialStates[1])
    isTraced = context.outputs.count > 1 + kind.stateCount
    stateOutputs = min(context.outputs.count - 1, kind.stateCount)
    let padded = (layer.hidden + Int(PARE_RECURRENT_PADDING) - 1) / Int(PARE_RECURRENT_PADDING) * Int(PARE_RECURRENT_PADDING)
    let states = layer.batch * layer.hidden
    memory = RecurrentMemory([
      kind.gateCount * padded * layer.features, kind.gateCount * padded * layer.hidden, 4 * layer.hidden, 4 * padded,
      states, states, states,
    ])
  }

  func run(_ buffers: EvaluationBuffers) throws {
    let lengths = try layer.lengths(buffers)
    let hidden = layer.hidden
    let x: UnsafePointer<Float> = buffers.input(RecurrentInput.x)
    let y: UnsafeMutablePointer<Float> = buffers.output(0)
    var call = pare_recurrent_step()
    call.rows = layer.batch
    call.features = layer.features
    call.hidden = hidden
    call.input_panels = UnsafePointer(memory[Piece.inputPanels])
    call.state_panels = UnsafePointer(memory[Piece.statePanels])
    call.bias = UnsafePointer(memory[Piece.biasPanels])
    for (direction, isReversed) in layer.directions.enumerated() {
      packWeights(buffers, direction)
      let stateRows = layer.stateRows(direction)
      var h = hasH ? RecurrentRows(buffers.input(RecurrentInput.initialStates[0]), stateRows) : nil
      var c = hasC ? RecurrentRows(buffers.input(RecurrentInput.initialStates[1]), stateRows) : nil
      if lengths != nil {
        // Sequences start at different steps, or stop: their states are kept aside.
        h = keep(h, in: memory[Piece.h])
        if kind == .lstm { c = keep(c, in: memory[Piece.c]) }
      }
      for index in 0..<layer.steps {
        let time = isReversed ? layer.steps - 1 - index : index
        let inputs = RecurrentRows(x, layer.inputRows(at: time))
        let outputs = layer.outputRows(direction, at: time)
        let trace = layer.traceRows(direction, at: time, width: kind.traceCount * hidden)
        (call.x, call.x_stride) = (inputs.first, inputs.stride)
        (call.h, call.h_stride) = (h?.first, h?.stride ?? 0)
        (call.c, call.c_stride) = (c?.first, c?.stride ?? 0)
        (call.y, call.y_stride) = (y + outputs.offset, outputs.stride)
        if isTraced {
          let gates = buffers.output(1 + kind.stateCount, as: Float.self) + trace.offset
          (call.gates, call.gates_stride) = (gates, trace.stride)
          (call.c_next, call.c_next_stride) = (gates + 4 * hidden, trace.stride)
        } else {
          (call.c_next, call.c_next_stride) = (memory[Piece.nextC], hidden)
        }
        step.call(&call)
        let (nextH, nextC) = (RecurrentRows(call.y, stride: call.y_stride), RecurrentRows(call.c_next, stride: call.c_next_stride))
        if let lengths {
          for row in 0..<layer.batch {
            if time < Int(lengths[row]) {
              (memory[Piece.h] + row * hidden).update(from: nextH[row], count: hidden)
              if kind == .lstm { (memory[Piece.c] + row * hidden).update(from: nextC[row], count: hidden) }
            } else {
              (call.y + row * call.y_stride).update(repeating: 0, count: hidden)
              if isTraced { (call.gates + row * call.gates_stride).update(repeating: 0, count: kind.traceCount * hidden) }
            }
          }
        } else {
          (h, c) = (nextH, kind == .lstm ? nextC : nil)
        }
      }
      for index in 0..<stateOutputs {
        let state = index == 0 ? h : c
        let last = buffers.output(1 + index, as: Float.self) + stateRows.offset
        for row in 0..<layer.batch {
          if let state, lengths.map({ $0[row] > 0 }) ?? true {
            (last + row * stateRows.stride).update(from: state[row], count: hidden)
          } else {
            (last + row * stateRows.stride).update(repeating: 0, count: hidden)
          }
        }
      }
    }
  }

  /// A copy of states, or zeros where there are none.
  private func keep(_ states: RecurrentRows?, in copy: UnsafeMutablePointer<Float>) -> RecurrentRows {
    let hidden = layer.hidden
    for row in 0..<layer.batch {
      if let states {
        (copy + row * hidden).update(from: states[row], count: hidden)
      } else {
        (copy + row * hidden).update(repeating: 0, count: hidden)
      }
    }
    return RecurrentRows(UnsafePointer(copy), stride: hidden)
  }

  private func packWeights(_ buffers: EvaluationBuffers, _ direction: Int) {
    let hidden = layer.hidden
    let rows = kind.gateCount * hidden
    pack.call(
      buffers.input(RecurrentInput.w) + direction * rows * layer.features, memory[Piece.inputPanels], kind.gateCount,
      hidden, layer.features)
    pack.call(
      buffers.input(RecurrentInput.r) + direction * rows * hidden, memory[Piece.statePanels], kind.gateCount, hidden, hidden)
    guard hasBias else { return }  // The panels hold zeros.
    let bias = memory[Piece.bias]
    let byInput = buffers.input(RecurrentInput.b, as: Float.self) + direction * 2 * rows
    let byState = byInput + rows
    for index in 0..<rows { bias[index] = byInput[index] + byState[index] }
    if kind == .gru {
      // The reset gate comes between the two biases of the hidden gate.
      (bias + 2 * hidden).update(from: byInput + 2 * hidden, count: hidden)
      (bias + 3 * hidden).update(from: byState + 2 * hidden, count: hidden)
    }
    pack.call(UnsafePointer(bias), memory[Piece.biasPanels], 4, hidden, 1)
  }
}
