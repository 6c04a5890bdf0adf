import CPareKernels
import PareGraph
import PareTensor

/// A model over a window of rows, made ready to be fed row by row: each recurrent layer keeps its state and each causal
/// convolution the rows that it reaches back to, so that the newest row costs one step instead of a window.
///
/// The graph is one that ``ExecutionPlan`` takes, with one Float32 input `[steps, 1, features]` or `[1, steps, features]`
/// and outputs that are made of the last step. Two functions can be asked of it, and they are not the same:
///
/// - *windowed* (``makeWindowedContext()``): the state is zero before the window's first row. Its answer is the
///   ``ExecutionPlan``'s on the whole window: equal bits where the recurrent layers and what follows are integers, and
///   for Float32 layers too, whose sums have the same order; within rounding where there are convolutions.
/// - *streaming* (``makeStreamingContext()``): the state goes on from row to row for as long as the context lives.
///
/// ```swift
/// let plan = try SequencePlan(model, outputs: ["decision"])
/// let context = plan.makeWindowedContext()
/// try context.prepare(window)                        // all rows but the newest, when there is time
/// let decision = try context.run(newestRow: row)     // one step of each layer, its recurrent product done before
/// ```
///
/// A plan never changes and may be shared; each thread runs it in a context of its own.
public final class SequencePlan: Sendable {
  /// Rows of the model's window; 1 where the graph leaves their number open, and any number may be prepared then.
  public let windowLength: Int
  /// Features of a row.
  public let featureCount: Int
  let row: ExecutionPlan

  /// - Parameters:
  ///   - outputs: the values to yield; the graph's outputs by default. They have to be of the last step.
  ///   - kernels: by default what the environment variable `PARE_KERNELS` names.
  /// - Throws: `inference.row-by-row`, naming the node in the way: a layer that runs backward or both ways, an operator
  ///   that mixes steps (attention over the window, a convolution that sees later ones), an output of every step; what
  ///   ``ExecutionPlan`` throws.
  public init(_ graph: Graph, outputs wanted: [String]? = nil, kernels: KernelSelection? = nil) throws {
    let asked = try ExecutionPlan.graph(graph, yielding: wanted).atBatch(1).withoutTraining()
    let rows = try RowGraph(ZeroStates.dropped(from: asked))
    row = try ExecutionPlan(
      planning: rows.graph, kernels: kernels ?? .fromEnvironment(), rows: 1, streamed: rows.streamed)
    guard row.streamCount > 0 else {
      throw InferenceError("row-by-row", subject: graph.name, expected: "a layer that keeps a state", found: "none")
    }
    windowLength = rows.steps
    featureCount = row.inputs[0].type.shape.elementCount
  }

  public convenience init(_ model: Model, outputs: [String]? = nil, kernels: KernelSelection? = nil) throws {
    try self.init(model.graph, outputs: outputs, kernels: kernels)
  }

  /// What each row goes through, step by step.
  public var steps: [ExecutionPlan.Step] { row.steps }
  /// Values that leave.
  public var outputs: [ExecutionPlan.Value] { row.outputs }
  /// Bytes that one deployed copy keeps: packed weights and operands, and one arena.
  public var residentByteCount: Int { row.residentByteCount }

  /// Memory for one stream of rows, at its beginning.
  public func makeStreamingContext() -> StreamingContext { StreamingContext(self) }

  /// Memory for one window after another.
  public func makeWindowedContext() -> WindowedContext { WindowedContext(self) }
}

extension ExecutionContext {
  /// Puts every state where it is before the first row.
  func resetStreams() {
    guard let streams = plan.streams else { return }
    for index in 0..<plan.streamCount { pare_stream_reset(streams[index], arena) }
  }

  /// Computes what of the next row's steps does not depend on the row.
  @inline(__always)
  func prepareStreams() {
    guard let streams = plan.streams else { return }
    pare_stream_prepare(streams, plan.streamCount, arena)
  }

  /// Runs rows up to the last step that keeps a state; where a reference step is among them, to the end.
  ///
  /// - Parameter width: features of a row.
  /// - Returns: whether a feature is NaN.
  func advance(_ rows: UnsafePointer<Float>, count: Int, width: Int) throws -> Bool {
    var isInvalid = false
    guard let program else {
      for row in 0..<count where try run(features: rows + row * width) == Self.invalidDecision { isInvalid = true }
      return isInvalid
    }
    var row = 0
    while row < count {
      let together = min(count - row, SequencePlan.rowsTogether)
      pare_stream_run_rows(
        program, plan.streamFlagCount, plan.streamFlags, arena, plan.arenaStride, rows + row * width,
        width * MemoryLayout<Float>.stride, together)
      for index in 0..<together where flag(ofArena: index) != 0 { isInvalid = true }
      row += together
    }
    return isInvalid
  }

  private func flag(ofArena index: Int) -> Int32 {
    UnsafeRawPointer(nanFlag).load(fromByteOffset: index * plan.arenaStride, as: Int32.self)
  }
}

extension SequencePlan {
  /// Rows that a windowed context takes together, so that a weight is read once for all of them.
  static let rowsTogether = Int(PARE_STREAM_ROWS)
}

extension ExecutionPlan {
  /// From one arena to the next.
  var arenaStride: Int { (arenaByteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment }
}
