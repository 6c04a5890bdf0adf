import CPareKernels
import PareGraph
import PareTensor

/// LSTM and GRU with their standard activations, without peepholes, clipping or coupled gates, the GRU with
/// `linear_before_reset`; their traced forms; their gradients.
///
/// Bound: each argument of a gate is a sum of the bias and features + hidden fused products, γ_{features + hidden + 2} of
/// the sum of their magnitudes; a sigmoid or tanh adds 4 units in the last place; from step to step errors pass as those
/// of the state do. A gradient sums over steps × batch.
enum RecurrentForms {
  /// What tells the two kinds of layers apart here.
  enum Kind: Sendable {
    case lstm
    case gru

    var gateCount: Int { self == .lstm ? 4 : 3 }
    /// Vectors of the trace: an LSTM's cell follows its gates.
    var traceCount: Int { self == .lstm ? 5 : 4 }
    var stateCount: Int { self == .lstm ? 2 : 1 }
    /// Inputs of the layer; those of its gradient go on behind them.
    var inputCount: Int { self == .lstm ? 8 : 6 }
    var activations: [String] { self == .lstm ? ["Sigmoid", "Tanh", "Tanh"] : ["Sigmoid", "Tanh"] }

    /// Which of the four vectors of products belongs to each gate of W and of R, in ONNX's order of the gates.
    var inputSlots: [Int] { self == .lstm ? [0, 1, 2, 3] : [1, 2, 0] }
    var stateSlots: [Int] { self == .lstm ? [0, 1, 2, 3] : [1, 2, 3] }
  }

  static func forward(_ kind: Kind) -> FastForm {
    { context, kernels in
      guard let layer = try layer(kind, context), let form = try RecurrentForwardForm(kind, layer, context, kernels) else {
        return nil
      }
      return { try form.run($0) }
    }
  }

  static func gradient(_ kind: Kind) -> FastForm {
    { context, kernels in
      guard let layer = try layer(kind, context), let form = try RecurrentGradientForm(kind, layer, context, kernels) else {
        return nil
      }
      return { try form.run($0) }
    }
  }

  /// The layer of a node, unless it is one for the reference.
  private static func layer(_ kind: Kind, _ context: PreparationContext) throws -> RecurrentLayer? {
    let node = context.node
    guard context.outputs.allSatisfy({ $0.elementType == .float32 }), node.attributes["clip"] == nil else { return nil }
    switch kind {
    case .lstm:
      guard try node.int("input_forget", default: 0) == 0, !context.has(RecurrentInput.peepholes) else { return nil }
    case .gru:
      guard try node.int("linear_before_reset", default: 0) != 0 else { return nil }
    }
    let layer = try RecurrentLayer(context)
    if let activations = node.attributes["activations"] {
      guard activations == .strings(layer.directions.flatMap { _ in kind.activations }) else { return nil }
    }
    guard layer.steps > 0, layer.batch > 0, layer.features > 0, layer.hidden > 0 else { return nil }
    return layer
  }
}

extension FastForms {
  static let recurrent: [OperatorName: FastForm] = [
    "LSTM": RecurrentForms.forward(.lstm),
    "pare.TracedLSTM": RecurrentForms.forward(.lstm),
    "pare.LSTMGradient": RecurrentForms.gradient(.lstm),
    "GRU": RecurrentForms.forward(.gru),
    "pare.TracedGRU": RecurrentForms.forward(.gru),
    "pare.GRUGradient": RecurrentForms.gradient(.gru),
  ]
}

/// Float32 memory in pieces, each at a cache line, made when a form is prepared. An evaluation is for one thread at a
/// time, as its executor is.
final class RecurrentMemory: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  private let offsets: [Int]

  /// Zeros.
  init(_ counts: [Int]) {
    let line = MemoryPlan.alignment
    var offsets: [Int] = []
    var size = 0
    for count in counts {
      offsets.append(size)
      size += (count * MemoryLayout<Float>.stride + line - 1) / line * line
    }
    self.offsets = offsets
    memory = .allocate(byteCount: max(size, line), alignment: line)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: max(size, line))
    ScratchTally.current?.byteCount += max(size, line)
  }

  deinit { memory.deallocate() }

  subscript(piece: Int) -> UnsafeMutablePointer<Float> {
    (memory + offsets[piece]).assumingMemoryBound(to: Float.self)
  }
}

/// Rows of equal length at a distance from each other.
struct RecurrentRows {
  let first: UnsafePointer<Float>
  let stride: Int

  init(_ base: UnsafePointer<Float>, _ rows: (offset: Int, stride: Int)) {
    (first, stride) = (base + rows.offset, rows.stride)
  }

  init(_ first: UnsafePointer<Float>, stride: Int) { (self.first, self.stride) = (first, stride) }

  subscript(row: Int) -> UnsafePointer<Float> { first + row * stride }
}
