import PareGraph
import PareTensor
import PareTraining

/// How a recurrent student learns along the series, as it will run: its state goes on from row to row, gradients flow back through a chunk
/// of steps. `along-time: {steps: 32, streams: 8}`.
///
/// The rows are windows in the order of time, of which the newest candle is the next step. Where a window is not the one before moved on
/// by a candle (a gap, a row without a label, another symbol) the state begins anew. The model that comes out has the section `stream`,
/// by which it is judged and timed as a stream; its graph is still that of the window.
///
/// - Source: Williams and Peng 1990; see `SequenceTrainer`.
public struct AlongTime: Sendable, Hashable {
  /// The section of a model whose state goes on from row to row.
  public static let section = "stream"

  /// Candles of a chunk.
  public var steps: Int
  /// Parts of the series that run side by side.
  public var streams: Int

  public init(steps: Int = 32, streams: Int = 8) {
    (self.steps, self.streams) = (steps, streams)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.steps).require((2...4096).contains(steps), expected: "2 to 4096 candles", found: steps)
    try path.key(CodingKeys.streams).require((1...1024).contains(streams), expected: "1 to 1024", found: streams)
  }

  /// Trains the graph of a window; by the schedule but for what is about single rows.
  ///
  /// - Throws: `training.sequence` for a network that is not recurrent, or rows that do not follow each other.
  func train(
    _ window: Graph, loss: some Loss, on lesson: Teaching.Lesson, by schedule: TrainingSchedule, for technique: String,
    in context: CompressionContext
  ) throws -> Graph {
    try SequenceTrainer(schedule.settings(seed: context.seed), sequence: SequenceSettings(steps: steps, streams: streams)).train(
      window, loss: loss, on: Self.series(lesson.training, of: window), validation: lesson.validation.map { try Self.series($0, of: window) }
    ) { context.progress(CompressionProgress($0, of: technique)) }.graph
  }

  /// Windows as the series that they are cut from.
  ///
  /// - Throws: `training.sequence` for rows that are no windows.
  static func series(_ rows: TrainingData, of window: Graph) throws -> SequenceData {
    guard window.inputs.count == 1, let name = window.inputs.first?.name, let windows = rows[name], windows.shape.rank == 3 else {
      throw TrainingError(
        "sequence", subject: "rows", expected: "windows [rows, candles, features]", found: rows.tensors.keys.sorted().joined(separator: ", "))
    }
    let (width, length) = (windows.shape[2], windows.shape[1] * windows.shape[2])
    let values = windows.values(as: Float.self)
    let starts = (1..<max(rows.rowCount, 1)).filter { row in
      !WindowOrder.follows(values[row * length..<(row + 1) * length], values[(row - 1) * length..<row * length], width: width)
    }
    var tensors = rows.tensors
    tensors[name] = Tensor(
      (0..<rows.rowCount).flatMap { values[($0 + 1) * length - width..<($0 + 1) * length] }, shape: [rows.rowCount, width])
    return try SequenceData(TrainingData(tensors), starts: starts)
  }
}

/// Whether a window is the one before it, moved on by a candle.
package enum WindowOrder {
  /// - Parameters:
  ///   - next, window: row-major `[candles, width]`.
  ///   - width: features of a candle.
  package static func follows(_ next: ArraySlice<Float>, _ window: ArraySlice<Float>, width: Int) -> Bool {
    next.dropLast(width).elementsEqual(window.dropFirst(width)) { $0.bitPattern == $1.bitPattern }
  }
}

extension AlongTime: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case steps, streams
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      steps: try container.decodeIfPresent(Int.self, forKey: .steps) ?? 32,
      streams: try container.decodeIfPresent(Int.self, forKey: .streams) ?? 8)
  }
}
