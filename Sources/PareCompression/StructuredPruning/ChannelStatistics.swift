import PareGraph
import PareTensor
import PareTraining

/// What channels hold over the training part, where layers read them.
struct ChannelStatistics {
  /// Of one position along the axis that a layer reads.
  struct Position {
    var count = 0
    var sum = 0.0
    var magnitude = 0.0
    var square = 0.0
    var zeros = 0

    var mean: Double { count == 0 ? 0 : sum / Double(count) }
    var meanMagnitude: Double { count == 0 ? 0 : magnitude / Double(count) }
    var variance: Double { count == 0 ? 0 : max(square / Double(count) - mean * mean, 0) }
    var rootMeanSquare: Double { count == 0 ? 0 : (square / Double(count)).squareRoot() }
    var nonZeroShare: Double { count == 0 ? 0 : 1 - Double(zeros) / Double(count) }
  }

  /// By value and axis.
  private var positions: [String: [Int: [Position]]] = [:]

  /// - Throws: what evaluating the graph throws.
  init(of map: ChannelMap, rows: TrainingData) throws {
    let readings = map.readings
    for reading in readings {
      positions[reading.value, default: [:]][reading.axis] = Array(repeating: Position(), count: reading.channels.count)
    }
    try RowEvaluation.forEachChunk(of: rows, through: map.graph, values: Array(positions.keys)) { chunk, _ in
      for (value, axes) in positions {
        guard let tensor = chunk[value] else { continue }
        for axis in axes.keys { add(tensor, value, axis) }
      }
    }
  }

  func positions(of value: String, axis: Int) -> [Position] { positions[value]?[axis] ?? [] }

  private mutating func add(_ tensor: Tensor, _ value: String, _ axis: Int) {
    guard axis < tensor.shape.rank, var own = positions[value]?[axis], own.count == tensor.shape[axis] else { return }
    let inner = tensor.shape.dimensions[(axis + 1)...].reduce(1, *)
    for (index, number) in tensor.values(as: Float.self).enumerated() {
      let position = index / inner % own.count
      let number = Double(number)
      own[position].count += 1
      own[position].sum += number
      own[position].magnitude += number.magnitude
      own[position].square += number * number
      if number == 0 { own[position].zeros += 1 }
    }
    positions[value]?[axis] = own
  }
}
