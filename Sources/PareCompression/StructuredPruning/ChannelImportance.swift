import PareGraph
import PareTensor
import PareTraining

/// How much each unit of channels matters, by a criterion.
struct ChannelImportance {
  private let map: ChannelMap
  private let units: [ChannelUnit]

  init(_ map: ChannelMap, _ units: [ChannelUnit]) {
    self.map = map
    self.units = units
  }

  /// One number a unit, of at least 0.
  ///
  /// - Parameters:
  ///   - rows: of the training part, where the criterion needs them.
  ///   - statistics: of these rows.
  /// - Throws: `compression.missing-data` where rows or labels are needed and not there, `compression.no-layers` where no batch
  ///   normalization has a scale to go by.
  func values(by criterion: ChannelCriterion, rows: TrainingData?, statistics: ChannelStatistics?) throws -> [Double] {
    switch criterion {
    case .l1: return norms(.producing) { $0.reduce(0) { $0 + $1.magnitude } }
    case .l2: return norms(.producing, Self.length)
    case .activationMean: return read(statistics) { $0.meanMagnitude }
    case .activationVariance: return read(statistics) { $0.variance }
    case .nonZero: return read(statistics) { $0.nonZeroShare }
    case .weightedActivation: return zip(norms(.consuming, Self.length), read(statistics) { $0.rootMeanSquare }).map { $0 * $1 }
    case .taylor: return try taylor(rows)
    case .normalizationScale: return try scales()
    }
  }

  private static func length(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Over the weights that make each unit, or that read it.
  private func norms(_ role: ChannelTable.Slice.Role, _ norm: ([Double]) -> Double) -> [Double] {
    var reader = SliceReader(map.graph)
    return units.map { unit in norm(unit.slices.filter { $0.role == role }.flatMap { reader.numbers($0) }) }
  }

  /// The mean over the places where each unit is read; 0 where it is read nowhere.
  private func read(_ statistics: ChannelStatistics?, _ figure: (ChannelStatistics.Position) -> Double) -> [Double] {
    var owner: [ChannelTable.Channel: Int] = [:]
    for (index, unit) in units.enumerated() { for channel in unit.channels { owner[channel] = index } }
    var (sums, counts) = ([Double](repeating: 0, count: units.count), [Int](repeating: 0, count: units.count))
    for reading in map.readings {
      let positions = statistics?.positions(of: reading.value, axis: reading.axis) ?? []
      for (channel, position) in zip(reading.channels, positions) {
        guard let unit = owner[channel] else { continue }
        sums[unit] += figure(position)
        counts[unit] += 1
      }
    }
    return zip(sums, counts).map { $1 == 0 ? 0 : $0 / Double($1) }
  }

  private func scales() throws -> [Double] {
    let scales = Set(map.graph.nodes.filter { $0.operatorName == "BatchNormalization" }.compactMap { $0.input(1) })
    var reader = SliceReader(map.graph)
    let values = units.map { unit in
      unit.slices.filter { scales.contains($0.parameter) }.flatMap { reader.numbers($0) }.reduce(0) { $0 + $1.magnitude }
    }
    guard values.contains(where: { $0 > 0 }) else {
      throw CompressionError(
        "no-layers", subject: "model '\(map.graph.name)'", expected: "batch normalization behind a selected layer, for its scale",
        found: "none")
    }
    return values
  }

  private func taylor(_ rows: TrainingData?) throws -> [Double] {
    guard let rows else { return [] }
    let wanted = units.flatMap { $0.slices.map(\.parameter) }.unique()
    var sums = [Double](repeating: 0, count: units.count)
    try LossGradients(of: map.graph, by: wanted, for: StructuredPruning.name).forEachPiece(of: rows) { pieces in
      var weights = SliceReader(map.graph)
      var gradients = SliceReader(pieces)
      for (index, unit) in units.enumerated() {
        let change = unit.slices.reduce(0.0) { sum, slice in
          sum + zip(weights.numbers(slice), gradients.numbers(slice)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        sums[index] += change * change
      }
    }
    return sums
  }
}

/// Reads slices of tensors, each decoded once.
private struct SliceReader {
  private var tensors: [String: (shape: Shape, numbers: [Double])] = [:]
  private let graph: Graph?

  init(_ graph: Graph) {
    self.graph = graph
  }

  init(_ tensors: [String: Tensor]) {
    graph = nil
    for (name, tensor) in tensors { self.tensors[name] = (tensor.shape, tensor.doubles) }
  }

  /// The numbers at one position along an axis; none where the tensor is not there.
  mutating func numbers(_ slice: ChannelTable.Slice) -> [Double] {
    if tensors[slice.parameter] == nil, let tensor = graph?.parameters[slice.parameter]?.storage.decoded() {
      tensors[slice.parameter] = (tensor.shape, tensor.doubles)
    }
    guard let (shape, numbers) = tensors[slice.parameter] else { return [] }
    let inner = shape.dimensions[(slice.axis + 1)...].reduce(1, *)
    let extent = shape[slice.axis]
    let outer = numbers.count / (inner * extent)
    var picked: [Double] = []
    for block in 0..<outer {
      let first = (block * extent + slice.index) * inner
      picked += numbers[first..<first + inner]
    }
    return picked
  }
}
