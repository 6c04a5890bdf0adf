import CPareKernels
import PareGraph
import PareTensor

/// Attention and its gradient, a head at a time, everything between the operands and the result in the first caches.
///
/// Bound of the weights, relative, for scores of depth D over T keys: `(D + 2)u · scale · Σ|q·k|` and 2u·|score − max|
/// from the exponent on either side of the quotient, 4u from Exp, (T + 2)u from sum and quotient; of Y then (T + 1)u
/// more, on `Σ weight · |v|`.
enum AttentionForms {
  /// Left to the reference: caches, softcap, softmax in Float64, and outputs beyond Y.
  static func forward(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.outputs.count == 1, let heads = try Heads(context, first: 0),
      let attention = kernels.attention.attention.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let y: UnsafeMutablePointer<Float> = buffers.output()
      heads.forEach(buffers) { head, place in
        withUnsafePointer(to: head) { attention.call($0, y + place.y, heads.problem.result.row, heads.scratch) }
      }
    }
  }

  /// Left to the reference: what `forward` leaves, and the gradient by a mask.
  static func gradient(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.outputs.count == 3, context.has(0), !context.has(1), !context.has(2), !context.has(3),
      let heads = try Heads(context, first: 4),
      let gradient = kernels.attention.attention_gradient.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let dy: UnsafePointer<Float> = buffers.input(0)
      let (dq, dk, dv): (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) = (
        buffers.output(0), buffers.output(1), buffers.output(2)
      )
      heads.forEach(buffers) { head, place in
        withUnsafePointer(to: head) {
          gradient.call(
            $0, dy + place.y, heads.problem.result.row, dq + place.q, dk + place.k, dv + place.v, place.isRepeated,
            heads.scratch)
        }
      }
    }
  }

  /// The heads of one attention, as the kernels take them.
  private struct Heads: Sendable {
    /// Offsets of a head's operands and result, in elements.
    struct Place {
      var q: Int
      var k: Int
      var v: Int
      var y: Int
      /// Whether an earlier head has the same keys and values.
      var isRepeated: Bool
    }

    let problem: AttentionProblem
    private let mask: AttentionMask
    private let memory: ScratchMemory
    /// Where the bias begins in the memory.
    private let biasStart: Int
    private let first: Int

    var scratch: UnsafeMutablePointer<Float> { memory.elements }

    init?(_ context: PreparationContext, first: Int) throws {
      let floats = [first, first + 1, first + 2].compactMap { $0 < context.inputs.count ? context.inputs[$0] : nil }
      guard floats.count == 3, floats.allSatisfy({ $0.elementType == .float32 }),
        context.outputs.allSatisfy({ $0.elementType == .float32 }), !context.has(first + 4)
      else { return nil }
      problem = try AttentionProblem(context, first: first)
      guard problem.softcap <= 0, !problem.softmaxInFloat64, problem.keys > 0, problem.queries > 0 else { return nil }
      mask = try AttentionMask(context, problem, first: first)
      self.first = first
      biasStart = pare_attention_scratch(problem.queries, problem.keys, problem.size, problem.valueSize)
      memory = ScratchMemory(count: biasStart + (mask.isEmpty ? 0 : problem.queries * pare_padded(problem.keys)))
    }

    @inline(__always)
    func forEach(_ buffers: EvaluationBuffers, _ body: (pare_attention_head, Place) -> Void) {
      let (q, k, v): (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) = (
        buffers.input(first), buffers.input(first + 1), buffers.input(first + 2)
      )
      let bias = memory.elements + biasStart
      var isFirst = true
      for batch in 0..<problem.batch {
        for head in 0..<problem.heads {
          if !mask.isEmpty, isFirst || !mask.isShared {
            for query in 0..<problem.queries {
              mask.fill(bias + query * pare_padded(problem.keys), buffers, batch: batch, head: head, query: query)
            }
          }
          isFirst = false
          let keyHead = head / problem.group
          let place = Place(
            q: problem.query.offset(batch, head), k: problem.key.offset(batch, keyHead),
            v: problem.value.offset(batch, keyHead), y: problem.result.offset(batch, head),
            isRepeated: head % problem.group != 0)
          body(
            pare_attention_head(
              q: q + place.q, k: k + place.k, v: v + place.v, bias: mask.isEmpty ? nil : UnsafePointer(bias),
              q_stride: problem.query.row, k_stride: problem.key.row, v_stride: problem.value.row,
              queries: problem.queries, keys: problem.keys, size: problem.size, value_size: problem.valueSize,
              scale: Float(problem.scale)),
            place)
        }
      }
    }
  }
}

extension FastForms {
  static let attention: [OperatorName: FastForm] = [
    "Attention": AttentionForms.forward,
    "pare.AttentionGradient": AttentionForms.gradient,
  ]
}
