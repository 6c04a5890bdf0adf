import Foundation
import PareGraph
import PareTensor

/// Which symbols of a cross-section see which, and how much.
public enum SymbolEdges: Sendable, Hashable, Codable {
  /// Every symbol sees every other alike.
  case complete
  /// As a matrix says, which is not trained.
  case given(SymbolAdjacency)
  /// As far as trained vectors of the symbols agree: a weight of `exp(e_i · e_j / √dimensions)`.
  ///
  /// - Source: a graph of trained embeddings as by Bai et al. 2020, arXiv:2007.02842, §3.3, here without its Relu, so
  ///   that a pair that does not agree still has a gradient.
  case learned(dimensions: Int)
}

/// Weights of the edges between symbols: `weights[i · symbols + j]` says how much i sees of j, 0 for no edge. A symbol sees
/// itself with weight 1, whatever the diagonal holds.
public struct SymbolAdjacency: Sendable, Hashable, Codable {
  public var symbols: Int
  /// Row by row, each at least 0.
  public var weights: [Float]

  public init(symbols: Int, weights: [Float]) {
    self.symbols = symbols
    self.weights = weights
  }

  /// Weights of the edges, the diagonal 1: `[symbols, symbols]`.
  func tensor() -> Tensor {
    var values = weights
    for symbol in 0..<symbols { values[symbol * symbols + symbol] = 1 }
    return Tensor(values, shape: [symbols, symbols])
  }

  /// The logarithm of the weights, `absentBias` where there is no edge: what a softmax is to have added to its scores so
  /// that its terms are multiplied by the weights.
  func logarithms() -> Tensor {
    let values = tensor().values(as: Float.self).map { $0 > 0 ? max(log($0), absentBias) : absentBias }
    return Tensor(values, shape: [symbols, symbols])
  }

  func validate(symbols: Int, _ settings: ArchitectureSettings) throws {
    guard self.symbols == symbols, weights.count == symbols * symbols else {
      throw settings.error(
        "adjacency", expected: "\(symbols) × \(symbols) weights", found: "\(weights.count) for \(self.symbols) symbols")
    }
    if let wrong = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw settings.error(
        "adjacency[\(wrong / symbols)][\(wrong % symbols)]", expected: "a number of at least 0", found: "\(weights[wrong])")
    }
  }
}

/// What is added to the score of a pair that does not see each other: its weight is 0 where the pair has company, and no
/// infinity comes up where it has none.
let absentBias: Float = -1e9
