import PareGraph
import PareTensor
import PareTraining
import RealModule

/// What every step of every tensor costs in bits and in noise of the scores, and which to take.
struct StepChoice {
  private struct Option {
    let grid: NumberGrid
    let bits: Double
    let noise: Double
  }

  /// By tensor, from the finest to the coarsest.
  private let options: [[Option]]
  private let numberCount: Int

  /// Noise is measured of each tensor alone: see `NoiseCurve`.
  init(_ graph: Graph, _ parameters: [String], rows: TrainingData, in context: CompressionContext) throws {
    let reference = try ScoreReference(graph, rows: rows)
    var options: [[Option]] = []
    for (index, parameter) in parameters.enumerated() {
      context.progress(
        CompressionProgress(
          technique: EntropyQuantization.name, activity: "noise of \(parameter)", fraction: 0.3 * Double(index) / Double(parameters.count)))
      guard let shape = graph.parameters[parameter]?.storage.shape else { continue }
      let values = graph.values(of: parameter)
      let grids = Self.exponents(of: values, shape).map { NumberGrid(parameter, values, shape: shape, exponent: $0) }
      let errors = grids.map { $0.squaredError(of: values) }
      let curve = try NoiseCurve(errors) { try Self.noise(of: graph, grids[$0], reference) }
      options.append(zip(grids, errors).map { Option(grid: $0, bits: $0.bits, noise: curve.noise(at: $1)) })
    }
    self.options = options
    numberCount = options.reduce(0) { $0 + ($1.first?.grid.levels.count ?? 0) }
  }

  /// From where the greatest number has the most levels that are allowed, at most 12 bits of them, to where all numbers are zero.
  private static func exponents(of values: [Float], _ shape: Shape) -> ClosedRange<Int> {
    let greatest = values.reduce(0) { max($0, Double($1.magnitude)) }
    guard greatest > 0 else { return 0...0 }
    let coarsest = Int(Double.log2(greatest).rounded(.down)) + 2
    let levels = min(Double(NumberGrid.limit(shape)), 2047)
    return Int(Double.log2(greatest / levels).rounded(.up))...coarsest
  }

  /// Squared error of the scores.
  private static func noise(of graph: Graph, _ grid: NumberGrid, _ reference: ScoreReference) throws -> Double {
    var rounded = graph
    rounded.parameters[grid.parameter]?.storage = ParameterStorage(Tensor(grid.values, shape: grid.shape))
    return try reference.error(of: rounded).noiseEnergy
  }

  /// The grids with the least noise among those of one λ whose mean bits a number are at most `bits`; the coarsest where even these take more.
  func grids(forBits bits: Double) -> [NumberGrid] {
    func chosen(_ lambda: Double) -> [Option] {
      options.map { options in options.min { $0.noise + lambda * $0.bits < $1.noise + lambda * $1.bits } ?? options[0] }
    }
    func mean(_ options: [Option]) -> Double { options.reduce(0) { $0 + $1.bits } / Double(max(numberCount, 1)) }
    // λ by its logarithm: noise and bits may be of any size.
    var (low, high) = (-200.0, 200.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if mean(chosen(.exp2(middle))) > bits { low = middle } else { high = middle }
    }
    return chosen(.exp2(high)).map(\.grid)
  }
}
