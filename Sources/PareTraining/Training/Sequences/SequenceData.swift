import PareTensor

/// The rows of a series in the order of time, each with what a model sees of it alone: `features [rows, F]`,
/// `labels [rows]`.
public struct SequenceData: Sendable {
  public let rows: TrainingData
  /// Rows that do not follow on the one before, ascending: where states begin anew, as behind a gap or with another series.
  /// The first row need not be among them.
  public let starts: [Int]

  /// - Throws: `training.sequence` where starts do not ascend or lie outside the rows.
  public init(_ rows: TrainingData, starts: [Int] = []) throws {
    guard zip(starts, starts.dropFirst()).allSatisfy(<), starts.allSatisfy((0..<rows.rowCount).contains) else {
      throw TrainingError("sequence", subject: "starts", expected: "ascending rows in 0 ..< \(rows.rowCount)", found: "\(starts)")
    }
    self.rows = rows
    self.starts = starts
  }

  /// Stretches without a gap.
  fileprivate var segments: [Range<Int>] {
    let bounds = [0] + starts.filter { $0 > 0 } + [rows.rowCount]
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  /// Whole chunks, each with whether it begins anew. Rows behind the last whole chunk of a stretch are left out.
  fileprivate func chunks(of steps: Int) -> [SequenceChunk] {
    segments.flatMap { segment in
      (0..<segment.count / steps).map { SequenceChunk(start: segment.lowerBound + $0 * steps, beginsAnew: $0 == 0) }
    }
  }
}

/// Neighbouring rows that are worked on at once.
private struct SequenceChunk {
  var start: Int
  var beginsAnew: Bool
}

/// A series as rows of chunks: a tensor `[rows, …]` becomes `[chunks, steps, …]`, the chunks that run side by side next to
/// each other, and `SequenceForm.resets` says which begin anew.
struct SequenceRows {
  let data: TrainingData
  /// Chunks at the start that only lead in.
  var leadingCount = 0

  /// Training: as many streams as run side by side, each a part of the series; the first chunks of the series that are left
  /// over are not used.
  ///
  /// - Throws: `training.sequence` where there are fewer chunks than streams.
  init(_ series: SequenceData, names: Set<String>, streams: Int, steps: Int) throws {
    let chunks = series.chunks(of: steps)
    let length = chunks.count / streams
    guard length > 0 else {
      throw TrainingError(
        "sequence", subject: "data", expected: "a chunk of \(steps) rows without a gap for each of \(streams) streams",
        found: "\(chunks.count) of \(series.rows.rowCount) rows")
    }
    let unused = chunks.count - length * streams
    var order: [(source: TrainingData, chunk: SequenceChunk)] = []
    for place in 0..<length {
      for stream in 0..<streams {
        var chunk = chunks[unused + stream * length + place]
        if place == 0 { chunk.beginsAnew = true }
        order.append((series.rows, chunk))
      }
    }
    data = try Self.data(order, names: names, steps: steps)
  }

  /// Validation: one stream in time, behind the last chunks of the training rows.
  ///
  /// - Throws: `training.sequence` where there is no whole chunk.
  init(_ series: SequenceData, behind training: SequenceData?, leading: Int, names: Set<String>, steps: Int) throws {
    var chunks = series.chunks(of: steps)
    guard !chunks.isEmpty else {
      throw TrainingError(
        "sequence", subject: "data", expected: "a chunk of \(steps) rows without a gap", found: "\(series.rows.rowCount) rows")
    }
    var order: [(source: TrainingData, chunk: SequenceChunk)] = []
    if let training, let last = training.segments.last {
      // The chunks that end with the last row.
      let count = min(leading, last.count / steps)
      order = (0..<count).map { (training.rows, SequenceChunk(start: last.upperBound - (count - $0) * steps, beginsAnew: $0 == 0)) }
      if count > 0, series.starts.first != 0, chunks[0].start == 0 { chunks[0].beginsAnew = false }
    }
    leadingCount = order.count
    order += chunks.map { (series.rows, $0) }
    data = try Self.data(order, names: names, steps: steps)
  }

  private static func data(
    _ order: [(source: TrainingData, chunk: SequenceChunk)], names: Set<String>, steps: Int
  ) throws -> TrainingData {
    var tensors = [SequenceForm.resets: Tensor(order.map { $0.chunk.beginsAnew ? Float(1) : 0 })]
    guard let first = order.first else { return try TrainingData(tensors) }
    for (name, sample) in first.source.tensors where names.contains(name) {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(order.count * steps * sample.rowByteCount)
      for (source, chunk) in order {
        guard let tensor = source[name], tensor.elementType == sample.elementType,
          tensor.shape.dimensions.dropFirst() == sample.shape.dimensions.dropFirst()
        else {
          throw TrainingError(
            "sequence", subject: "tensor '\(name)'", expected: "one kind of rows for training and validation", found: "two")
        }
        tensor.withUnsafeBytes { content in
          let start = chunk.start * tensor.rowByteCount
          bytes.append(contentsOf: content[start..<start + steps * tensor.rowByteCount])
        }
      }
      let shape = Shape([order.count, steps] + sample.shape.dimensions.dropFirst())
      tensors[name] = bytes.withUnsafeBytes { Tensor(elementType: sample.elementType, shape: shape, bytes: $0) }
    }
    return try TrainingData(tensors)
  }
}
