import CPareKernels
import PareGraph
import PareTensor

/// A model over a window of rows, made ready to be fed row by row.
///
/// The graph is one that ``ExecutionPlan`` takes, with one Float32 input of steps and features, in either order, at batch 1.
/// Two functions can be asked of it, and they are not the same:
///
/// - *windowed* (``makeWindowedContext()``): the answer is the ``ExecutionPlan``'s on the whole window, zeros before the
///   window's first row. What does not depend on the newest row is computed before it comes; ``keeping`` says what. Equal
///   bits for integers and for recurrent layers; sums over steps in Float32 within rounding.
/// - *streaming* (``makeStreamingContext()``): states go on from row to row for as long as the context lives. Only for
///   graphs in which no step sees a later one.
///
/// ```swift
/// let plan = try SequencePlan(model, outputs: ["decision"])
/// let context = plan.makeWindowedContext()
/// try context.prepare(window)                        // all rows but the newest, when there is time
/// let decision = try context.run(newestRow: row)     // what depends on the newest row, and nothing else
/// try context.slide(row)                             // the window moves on by that row
/// ```
///
/// A plan never changes and may be shared; each thread runs it in a context of its own.
public final class SequencePlan: Sendable {
  /// What a windowed run has ready when the newest row comes.
  public struct Keeping: Sendable, Hashable {
    /// Bytes of values that do not depend on the newest row.
    public let byteCount: Int
    /// Steps of the plan for the older rows, and of that for a window that moved on by one.
    public let prepareSteps: Int
    public let slideSteps: Int
    /// Steps from the newest row to the answer.
    public let newestSteps: Int
    /// Whether anything is kept but rows of the input. Where not, the newest row starts the whole window.
    public let isEmpty: Bool
  }

  /// Rows of the model's window; 1 where the graph leaves their number open, and any number may be prepared then.
  public let windowLength: Int
  /// Features of a row.
  public let featureCount: Int
  let name: String
  /// One row at a time; nil where a step sees later ones.
  private let row: ExecutionPlan?
  private let refusal: InferenceError?
  /// The window in pieces; nil where a layer hands a state on from the first row to the last, and rows go one by one.
  let window: WindowPlan?

  /// - Parameters:
  ///   - outputs: the values to yield; the graph's outputs by default.
  ///   - timeAxis: the input's axis of time; by default the one longer than 1 that most values keep.
  ///   - kernels: by default what the environment variable `PARE_KERNELS` names.
  /// - Throws: `inference.row-by-row` for a graph that has no window; `inference.window` for an axis that is none; what
  ///   ``ExecutionPlan`` throws.
  public init(
    _ graph: Graph, outputs wanted: [String]? = nil, timeAxis: Int? = nil, kernels: KernelSelection? = nil
  ) throws {
    let kernels = try kernels ?? .fromEnvironment()
    let asked = ZeroStates.dropped(from: try ExecutionPlan.graph(graph, yielding: wanted).atBatch(1).withoutTraining())
    let rules = try WindowPlan.rules(ExecutionPlan.lowered(asked), axis: timeAxis)
    var (row, refusal, steps, isRecurrent) = (ExecutionPlan?.none, InferenceError?.none, 1, false)
    do {
      let rows = try RowGraph(asked, axis: timeAxis ?? rules?.lastAxisOfTime)
      let plan = try ExecutionPlan(planning: rows.graph, kernels: kernels, rows: 1, streamed: rows.streamed)
      (steps, isRecurrent) = (rows.steps, rows.isRecurrent)
      if plan.streamCount > 0 {
        row = plan
      } else {
        refusal = InferenceError("row-by-row", subject: graph.name, expected: "a layer that keeps a state", found: "none")
      }
    } catch let error as InferenceError where error.code == "inference.row-by-row" {
      refusal = error
    }
    window = try isRecurrent && row != nil ? nil : rules.map { try WindowPlan($0, kernels: kernels) }
    (self.row, self.refusal, name) = (row, refusal, graph.name)
    guard let plan = row ?? window?.newest else {
      throw refusal ?? InferenceError("row-by-row", subject: graph.name, expected: "a window of rows", found: "none")
    }
    windowLength = window?.windowLength ?? steps
    featureCount = window?.featureCount ?? plan.inputs[0].type.shape.elementCount
    newestRow = window?.newest ?? plan
  }

  public convenience init(
    _ model: Model, outputs: [String]? = nil, timeAxis: Int? = nil, kernels: KernelSelection? = nil
  ) throws {
    try self.init(model.graph, outputs: outputs, timeAxis: timeAxis, kernels: kernels)
  }

  /// What the newest row of a window goes through.
  let newestRow: ExecutionPlan

  /// What the newest row of a window goes through, step by step.
  public var steps: [ExecutionPlan.Step] { newestRow.steps }
  /// What the older rows of a window go through; none where rows go one by one. A node's name has the rows behind it that
  /// are computed, where these are not all.
  public var prepareSteps: [ExecutionPlan.Step] { window?.older?.steps ?? [] }
  /// What they go through once the window has moved on by a row.
  public var slideSteps: [ExecutionPlan.Step] { window?.slide?.steps ?? [] }
  /// What each row of a stream goes through; none where there are no streams.
  public var streamingSteps: [ExecutionPlan.Step] { row?.steps ?? [] }
  /// Values that leave.
  public var outputs: [ExecutionPlan.Value] { newestRow.outputs }
  /// Bytes that one deployed copy keeps: packed weights and operands, and arenas.
  public var residentByteCount: Int { (row?.residentByteCount ?? 0) + (window?.residentByteCount ?? 0) }

  /// What windowed runs keep; nil where rows go one by one, each recurrent layer with its state.
  public var keeping: Keeping? {
    window.map { window in
      Keeping(
        byteCount: window.kept.reduce(0) { $0 + ($1.isReadByNewest ? $1.byteCount : 0) },
        prepareSteps: window.older?.kernelCount ?? 0, slideSteps: window.slide?.kernelCount ?? 0,
        newestSteps: window.newest.kernelCount, isEmpty: !window.keepsValues)
    }
  }

  /// Memory for one stream of rows, at its beginning.
  ///
  /// - Throws: `inference.row-by-row`, naming the node in the way: a layer that runs backward or both ways, an operator
  ///   that mixes steps (attention over the window, a convolution that sees later ones), an output of every step.
  public func makeStreamingContext() throws -> StreamingContext {
    guard let row else {
      throw refusal ?? InferenceError("row-by-row", subject: name, expected: "a layer that keeps a state", found: "none")
    }
    return StreamingContext(self, row)
  }

  /// Memory for one window after another.
  public func makeWindowedContext() -> WindowedContext { WindowedContext(self) }
}

extension ExecutionPlan {
  /// Steps for which a kernel or a reference runs.
  fileprivate var kernelCount: Int { steps.count { $0.kernel != "view" } }
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
