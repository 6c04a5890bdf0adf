import PareGraph
import PareTensor

/// A graph made ready for many rows at a time: backtests, and many instruments at once.
///
/// Rows go in blocks, for which products load their weights once; what is left of a block goes one by one. Where a graph
/// has no such form (its batch is fixed, a step would fall back on the reference, or DynamicQuantizeLinear would find one range
/// for all of a block), every row goes by itself.
///
/// Integer layers give the bits of ``ExecutionContext/run(features:)-(_)``; Float32 sums run in another order, within the
/// same bound.
public final class BatchPlan: Sendable {
  public let single: ExecutionPlan
  /// The plan for whole blocks.
  public let block: ExecutionPlan?
  /// The output that `run` hands out besides decisions.
  let scored: ExecutionPlan.Value?

  /// - Parameters:
  ///   - scored: a Float32 output to hand out for every row; none by default.
  ///   - blockRows: rows in a block; 2 to 64, 8 by default: as many as products have registers for.
  /// - Throws: as ``ExecutionPlan``; `inference.input` where there is not one Float32 input; `inference.output` where
  ///   `scored` is no Float32 output.
  public init(
    _ graph: Graph, outputs: [String]? = nil, scored: String? = nil, kernels: KernelSelection? = nil, blockRows: Int = 8
  ) throws {
    single = try ExecutionPlan(graph, outputs: outputs, kernels: kernels)
    guard single.inputs.count == 1, single.inputs[0].type.elementType == .float32 else {
      throw InferenceError("input", subject: graph.name, expected: "one float32 input", found: "\(single.inputs.map(\.name))")
    }
    self.scored = try scored.map { [single] name in
      guard let value = single.outputs.first(where: { $0.name == name }), value.type.elementType == .float32 else {
        throw InferenceError("output", subject: "output '\(name)'", expected: "a float32 output", found: "none")
      }
      return value
    }
    let rows = min(max(blockRows, 2), 64)
    let sharesRanges = graph.nodes.contains { $0.operatorName == DynamicQuantizeLinear.name }
    let many = sharesRanges ? nil : try? ExecutionPlan(graph, outputs: outputs, kernels: kernels, rows: rows)
    let pays = many.map { plan in
      plan.steps.allSatisfy(\.isFast) && plan.steps.contains { $0.kernel.hasPrefix("product_") }
    }
    block = pays == true ? many : nil
  }

  /// Memory to run in, for one thread.
  public func makeContext() -> BatchContext { BatchContext(self) }
}

/// The memory in which one thread runs a ``BatchPlan``. Nothing is allocated by a run.
public final class BatchContext {
  public let plan: BatchPlan
  private let single: ExecutionContext
  private let block: ExecutionContext?
  private let blockRows: Int
  private let featureCount: Int
  private let scoreCount: Int
  /// Features of a block whose rows come from different places.
  private let gathered: UnsafeMutablePointer<Float>

  init(_ plan: BatchPlan) {
    self.plan = plan
    single = plan.single.makeContext()
    block = plan.block?.makeContext()
    blockRows = plan.block?.rowCount ?? 1
    featureCount = plan.single.inputs[0].type.shape.elementCount
    scoreCount = plan.scored?.type.shape.elementCount ?? 0
    gathered = .allocate(capacity: max(blockRows * featureCount, 1))
  }

  deinit { gathered.deallocate() }

  /// Decides `count` rows that lie one behind the other.
  ///
  /// - Parameters:
  ///   - decisions: room for `count`, as ``ExecutionContext/run(features:)-(_)`` returns them.
  ///   - scores: room for `count` times the elements of the scored output; nil where nobody wants them.
  public func run(
    features: UnsafePointer<Float>, count: Int, decisions: UnsafeMutablePointer<Int8>,
    scores: UnsafeMutablePointer<Float>? = nil
  ) throws {
    var row = 0
    if let block {
      while row + blockRows <= count {
        try block.runRows(features + row * featureCount, decisions + row)
        keep(block, rows: blockRows, scores, row)
        row += blockRows
      }
    }
    while row < count {
      decisions[row] = try single.run(features: features + row * featureCount)
      keep(single, rows: 1, scores, row)
      row += 1
    }
  }

  /// Decides `count` rows wherever each lies: one per instrument.
  public func run(
    instruments: UnsafePointer<UnsafePointer<Float>>, count: Int, decisions: UnsafeMutablePointer<Int8>,
    scores: UnsafeMutablePointer<Float>? = nil
  ) throws {
    var row = 0
    if let block {
      while row + blockRows <= count {
        for index in 0..<blockRows {
          (gathered + index * featureCount).update(from: instruments[row + index], count: featureCount)
        }
        try block.runRows(gathered, decisions + row)
        keep(block, rows: blockRows, scores, row)
        row += blockRows
      }
    }
    while row < count {
      decisions[row] = try single.run(features: instruments[row])
      keep(single, rows: 1, scores, row)
      row += 1
    }
  }

  private func keep(_ context: ExecutionContext, rows: Int, _ scores: UnsafeMutablePointer<Float>?, _ row: Int) {
    guard let scores, let scored = plan.scored, let from = context.address(of: scored.name) else { return }
    (scores + row * scoreCount).update(from: from.assumingMemoryBound(to: Float.self), count: rows * scoreCount)
  }
}
