import PareCompression
import PareInference

/// What answers one row after another.
protocol RowAnswers {
  /// Takes the next row.
  func take(_ row: UnsafePointer<Float>) throws
  /// The numbers of an output, as the last row left them.
  func numbers(_ output: String) -> UnsafeBufferPointer<Float>?
}

extension ExecutionContext: RowAnswers {
  func take(_ row: UnsafePointer<Float>) throws { _ = try run(features: row) }
  func numbers(_ name: String) -> UnsafeBufferPointer<Float>? { output(name, as: Float.self) }
}

/// A stream that is fed windows: of each that is the one before moved on by a candle the newest candle, of any other all candles, from
/// the beginning.
final class StreamedRows: RowAnswers {
  private let context: StreamingContext
  private let width: Int
  private let candle: Int
  private var last: [Float] = []

  /// - Parameter width: numbers of a window.
  init(_ plan: SequencePlan, width: Int) throws {
    context = try plan.makeStreamingContext()
    (self.width, candle) = (width, max(plan.featureCount, 1))
  }

  func take(_ row: UnsafePointer<Float>) throws {
    let window = Array(UnsafeBufferPointer(start: row, count: width))
    let isNext = !last.isEmpty && WindowOrder.follows(window[...], last[...], width: candle)
    if !isNext { context.reset() }
    for place in stride(from: isNext ? width - candle : 0, to: width, by: candle) { _ = try context.run(row: row + place) }
    last = window
  }

  func numbers(_ output: String) -> UnsafeBufferPointer<Float>? { context.output(output, as: Float.self) }
}
