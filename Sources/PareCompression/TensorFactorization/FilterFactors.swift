import PareLinearAlgebra
import PareTensor
import RealModule

/// The filters of a convolution `[out, in, window…]` as the weights of a sequence of convolutions.
struct FilterFactors {
  /// One convolution of the sequence.
  struct Stage {
    /// `[out, in / group, window…]`.
    let weights: Tensor
    let group: Int
    /// The axes of the window that it goes along, counted from 0.
    let windowAxes: Range<Int>
  }

  let stages: [Stage]
  /// What the stages multiply out to, row-major as the filters.
  let reconstructed: [Double]
  let words: String
  let figures: [String: Double]

  /// - Throws: what decompositions throw; `compression.range` for a rank above what the filters have.
  init(_ filters: Tensor, method: TensorFactorization.Method, keep: RankTarget, seed: UInt64, name: String) throws {
    switch method {
    case .tuckerOfChannels: self = try Self.tucker(filters, axes: [0, 1], keep, name)
    case .tucker: self = try Self.tucker(filters, axes: Array(filters.shape.dimensions.indices), keep, name)
    case .polyadic: self = try Self.polyadic(filters, keep, seed, name)
    }
  }

  private init(stages: [Stage], reconstructed: [Double], words: String, figures: [String: Double]) {
    self.stages = stages
    self.reconstructed = reconstructed
    self.words = words
    self.figures = figures
  }

  // MARK: Tucker

  private static func tucker(_ filters: Tensor, axes: [Int], _ keep: RankTarget, _ name: String) throws -> FilterFactors {
    let shape = filters.shape.dimensions
    let ranks = try tuckerRanks(filters, axes: axes, keep, name)
    let decomposition = try TuckerDecomposition(filters, ranks: ranks, name: name)
    let core = decomposition.core.doubles
    let window = shape.count - 2
    func factor(_ axis: Int) -> [Double] { decomposition.factors[axis]?.doubles ?? [] }
    let (outputs, inputs) = (ranks[0] ?? shape[0], ranks[1] ?? shape[1])
    var stages = [pointwise(factor(1).transposed(rows: shape[1]), [inputs, shape[1]], window)]
    if axes.count == 2 {
      stages.append(Stage(weights: tensor(core, [outputs, inputs] + shape[2...]), group: 1, windowAxes: 0..<window))
    } else {
      var channels = inputs
      for axis in 0..<window {
        let rank = ranks[axis + 2] ?? 1
        // Each channel becomes as many as the axis has vectors.
        let vectors = factor(axis + 2).transposed(rows: shape[axis + 2])
        stages.append(byChannel((0..<channels).flatMap { _ in vectors }, channels: channels, multiplied: rank, axis, shape))
        channels *= rank
      }
      // The core's axes after the first run as the channels do.
      stages.append(pointwise(core, [outputs, channels], window))
    }
    stages.append(pointwise(factor(0), [shape[0], outputs], window))
    let words = axes.map { "\(ranks[$0] ?? 0)" }.joined(separator: " × ") + " of " + axes.map { "\(shape[$0])" }.joined(separator: " × ")
    var figures = ["relative_error": decomposition.relativeError, "iterations": Double(decomposition.iterations)]
    for axis in axes { figures["rank_\(axis)"] = Double(ranks[axis] ?? 0) }
    return FilterFactors(stages: stages, reconstructed: try decomposition.reconstructed().doubles, words: "a core of \(words)", figures: figures)
  }

  private static func tuckerRanks(_ filters: Tensor, axes: [Int], _ keep: RankTarget, _ name: String) throws -> [Int: Int] {
    let shape = filters.shape.dimensions
    switch keep {
    case .rank(let rank):
      return Dictionary(uniqueKeysWithValues: axes.map { ($0, $0 < 2 ? min(rank, shape[$0]) : shape[$0]) })
    case .energy(let energy):
      var ranks: [Int: Int] = [:]
      for axis in axes {
        let squares = try TuckerDecomposition.spectrum(of: filters, axis: axis, name: name).map { $0 * $0 }
        // What the axes leave out adds up, so each may leave a part of it out.
        let permitted = (1 - energy) * squares.reduce(0, +) / Double(axes.count)
        var (rank, omitted) = (squares.count, 0.0)
        while rank > 1, omitted + squares[rank - 1] <= permitted {
          omitted += squares[rank - 1]
          rank -= 1
        }
        ranks[axis] = rank
      }
      return ranks
    case .ratio(let ratio), .budget(let ratio):
      // The same fraction of both axes of channels, as large as fits; the window whole.
      var best = Dictionary(uniqueKeysWithValues: axes.map { ($0, $0 < 2 ? 1 : shape[$0]) })
      for share in 1...max(shape[0], shape[1]) {
        let fraction = Double(share) / Double(max(shape[0], shape[1]))
        var ranks = best
        for axis in 0..<2 { ranks[axis] = max(Int((fraction * Double(shape[axis])).rounded(.down)), 1) }
        let core = shape.indices.reduce(1) { $0 * (ranks[$1] ?? shape[$1]) }
        let elements = axes.reduce(core) { $0 + shape[$1] * (ranks[$1] ?? 1) }
        guard Double(elements) <= ratio * Double(shape.reduce(1, *)) else { break }
        best = ranks
      }
      return best
    }
  }

  // MARK: CP

  private static func polyadic(_ filters: Tensor, _ keep: RankTarget, _ seed: UInt64, _ name: String) throws -> FilterFactors {
    let shape = filters.shape.dimensions
    let window = shape.count - 2
    let perComponent = shape.reduce(0, +)
    let decomposition: PolyadicDecomposition
    switch keep {
    case .rank(let rank): decomposition = try PolyadicDecomposition(filters, rank: rank, seed: seed, name: name)
    case .ratio(let ratio), .budget(let ratio):
      let rank = max(Int(ratio * Double(shape.reduce(1, *)) / Double(perComponent)), 1)
      decomposition = try PolyadicDecomposition(filters, rank: rank, seed: seed, name: name)
    case .energy(let energy):
      // The fewest components that hold it, up to where they are as many numbers as the filters.
      var (low, high) = (1, max(shape.reduce(1, *) / perComponent, 1))
      var found = try PolyadicDecomposition(filters, rank: high, seed: seed, name: name)
      while low < high {
        let middle = (low + high) / 2
        let candidate = try PolyadicDecomposition(filters, rank: middle, seed: seed, name: name)
        if candidate.relativeError * candidate.relativeError <= 1 - energy {
          (high, found) = (middle, candidate)
        } else {
          low = middle + 1
        }
      }
      decomposition = found
    }
    let rank = decomposition.weights.count
    let factors = decomposition.factors.map(\.doubles)
    // Weights are spread evenly over the two pointwise stages.
    let roots = decomposition.weights.map { Double.sqrt($0.magnitude) }
    let signs = decomposition.weights.map { $0 < 0 ? -1.0 : 1 }
    let first = factors[1].enumerated().map { $1 * roots[$0 % rank] }
    let last = factors[0].enumerated().map { $1 * roots[$0 % rank] * signs[$0 % rank] }
    var stages = [pointwise(first.transposed(rows: shape[1]), [rank, shape[1]], window)]
    for axis in 0..<window {
      stages.append(byChannel(factors[axis + 2].transposed(rows: shape[axis + 2]), channels: rank, multiplied: 1, axis, shape))
    }
    stages.append(pointwise(last, [shape[0], rank], window))
    return FilterFactors(
      stages: stages, reconstructed: decomposition.reconstructed().doubles, words: "\(rank) components",
      figures: [
        "relative_error": decomposition.relativeError, "rank": Double(rank), "iterations": Double(decomposition.iterations),
        "ridge": decomposition.ridge,
      ])
  }

  // MARK: stages

  private static func pointwise(_ matrix: [Double], _ shape: [Int], _ window: Int) -> Stage {
    Stage(weights: tensor(matrix, shape + Array(repeating: 1, count: window)), group: 1, windowAxes: 0..<0)
  }

  /// Filters along one axis of the window, those of each channel by themselves.
  private static func byChannel(_ vectors: [Double], channels: Int, multiplied: Int, _ axis: Int, _ shape: [Int]) -> Stage {
    var window = [Int](repeating: 1, count: shape.count - 2)
    window[axis] = shape[axis + 2]
    return Stage(weights: tensor(vectors, [channels * multiplied, 1] + window), group: channels, windowAxes: axis..<axis + 1)
  }

  private static func tensor(_ values: [Double], _ shape: [Int]) -> Tensor {
    Tensor(values.map { Float($0) }, shape: Shape(shape))
  }
}
