import PareGraph
import PareTensor
import PareTraining

/// What is to be gathered of a graph's values.
struct ObservationRequest {
  /// Values of which ranges are to be chosen: names of values of the graph, its inputs among them if need be.
  var ranges: Set<String> = []
  /// Which values' means and mean squares are wanted; whether the means of products of each two inputs too.
  var moments: [MomentKey: Bool] = [:]
  /// The column that holds the regime of each row.
  var regimes: String?
  /// Rows at a time.
  var chunk = RowEvaluation.chunk

  var isEmpty: Bool { ranges.isEmpty && moments.isEmpty }
}

/// A value and the axis along which a layer's inputs lie in it.
struct MomentKey: Hashable {
  var value: String
  /// Along the second axis, as a convolution's channels; along the last one otherwise.
  var isChannels = false
}

/// What was gathered.
struct Observations {
  fileprivate(set) var records: [String: CalibrationRecord] = [:]
  fileprivate(set) var moments: [MomentKey: InputMoments] = [:]

  /// Of all numbers of some values.
  func greatestMagnitude(of values: [String]) -> Double {
    values.compactMap { records[$0]?.whole.histogram }.reduce(0) { max($0, $1.minimum.magnitude, $1.maximum.magnitude) }
  }
}

/// Gathers what methods need to know of several values while a graph runs once over the rows.
enum ActivationObserver {
  /// - Throws: `CompressionError` for values that are not finite and regimes that are not there, and what evaluating the
  ///   graph throws.
  static func observe(
    _ request: ObservationRequest, of graph: Graph, rows: TrainingData, progress: (Double) -> Void
  ) throws -> Observations {
    var observations = Observations()
    for name in request.ranges { observations.records[name] = CalibrationRecord(rowCount: rows.rowCount) }
    let regimes = try request.regimes.map { try self.regimes(named: $0, of: rows) }
    let ends = CalibrationRecord.rowEnds(rows.rowCount)
    let values = request.ranges.union(request.moments.keys.map(\.value))
    try RowEvaluation.forEachChunk(of: rows, through: graph, values: Array(values), chunk: request.chunk) { chunk, range in
      for (name, tensor) in chunk.sorted(by: { $0.key < $1.key }) {
        try tensor.withUnsafeElements(as: Float.self) { elements in
          if request.ranges.contains(name) {
            let perRow = elements.count / range.count
            for piece in pieces(of: range, ends: ends) {
              let rows = piece.rows.lowerBound - range.lowerBound..<piece.rows.upperBound - range.lowerBound
              let last = piece.rows.upperBound == range.upperBound ? elements.count : rows.upperBound * perRow
              try observations.records[name]?.add(
                UnsafeBufferPointer(rebasing: elements[rows.lowerBound * perRow..<last]), firstRow: piece.rows.lowerBound,
                stretch: piece.stretch, of: name)
            }
            if let regimes {
              guard (tensor.shape.dimensions.first ?? 0) % range.count == 0 else { throw noRows(name, tensor) }
              try observations.records[name]?.addRegimes(elements, perRow: perRow, regimes: regimes[range], of: name)
            }
          }
          for key in [MomentKey(value: name), MomentKey(value: name, isChannels: true)] {
            guard let withProducts = request.moments[key] else { continue }
            try observations.add(elements, shape: tensor.shape, to: key, withProducts: withProducts)
          }
        }
      }
      progress(Double(range.upperBound) / Double(rows.rowCount))
    }
    return observations
  }

  /// Runs of rows that belong to one batch and one stretch.
  private static func pieces(of range: Range<Int>, ends: [Int]) -> [(rows: Range<Int>, stretch: Int)] {
    var pieces: [(rows: Range<Int>, stretch: Int)] = []
    var first = range.lowerBound
    while first < range.upperBound {
      let stretch = ends.firstIndex { first < $0 } ?? ends.count - 1
      let end = min((first / CalibrationRecord.batch + 1) * CalibrationRecord.batch, ends[stretch], range.upperBound)
      pieces.append((first..<end, stretch))
      first = end
    }
    return pieces
  }

  private static func regimes(named name: String, of rows: TrainingData) throws -> [Int] {
    guard let column = rows[name], column.shape.rank == 1, !column.elementType.isFloatingPoint else {
      throw CompressionError(
        "missing-data", subject: "regimes '\(name)'", expected: "a column of whole numbers beside the training rows",
        found: rows[name].map { "\($0.elementType.rawValue) \($0.shape)" } ?? "none")
    }
    return column.doubles.map { Int($0) }
  }

  private static func noRows(_ name: String, _ tensor: Tensor) -> CompressionError {
    CompressionError(
      "regimes", subject: "value '\(name)'", expected: "the rows first, so that each has a regime", found: "\(tensor.shape)")
  }
}

extension Observations {
  fileprivate mutating func add(
    _ elements: UnsafeBufferPointer<Float>, shape: Shape, to key: MomentKey, withProducts: Bool
  ) throws {
    guard shape.rank >= 2 else { return }
    let inputs = key.isChannels ? shape[1] : shape[shape.rank - 1]
    var moments = self.moments[key] ?? InputMoments(inputCount: inputs, withProducts: withProducts)
    self.moments[key] = nil
    if key.isChannels {
      let positions = shape.elementCount / max(shape[0] * inputs, 1)
      var turned = [Float](repeating: 0, count: shape.elementCount)
      for row in 0..<shape[0] {
        for input in 0..<inputs {
          for position in 0..<positions {
            turned[(row * positions + position) * inputs + input] = elements[(row * inputs + input) * positions + position]
          }
        }
      }
      try turned.withUnsafeBufferPointer { try moments.add($0, of: key.value) }
    } else {
      try moments.add(elements, of: key.value)
    }
    self.moments[key] = moments
  }
}

extension CalibrationRecord {
  /// Takes the numbers of each regime's rows in, as one batch for each regime.
  fileprivate mutating func addRegimes(
    _ elements: UnsafeBufferPointer<Float>, perRow: Int, regimes: ArraySlice<Int>, of name: String
  ) throws {
    for regime in Set(regimes).sorted() {
      var numbers: [Float] = []
      for (row, other) in regimes.enumerated() where other == regime {
        numbers += elements[row * perRow..<(row + 1) * perRow]
      }
      try numbers.withUnsafeBufferPointer { try add($0, regime: regime, of: name) }
    }
  }
}
