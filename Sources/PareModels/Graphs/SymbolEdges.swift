import Foundation
import PareGraph
import PareTensor

/// Which symbols of a cross-section see which, and how much.
public enum SymbolEdges: Sendable, Hashable, Codable {
  /// Every symbol sees every other alike.
  case complete
  /// As a matrix says, which is not trained.
  case given(SymbolAdjacency)
  /// As trained vectors of the symbols say: head h of a layer has `(v_i · Q_h) · (v_j · K_h) / √dimensions` added to the score
  /// of a pair, so that leaders and followers, and what adds and what subtracts, can be told apart. Each vector also stands
  /// beside its symbol's numbers, for what a symbol makes of what it sees differs from symbol to symbol.
  ///
  /// - Source: vectors of the looking and of the seen side after Wu et al. 2019, arXiv:1906.00121, §3.2, here without its
  ///   Relu, so that a pair that does not agree still has a gradient; vectors beside the inputs after Shao et al. 2022,
  ///   arXiv:2208.05233.
  case learned(dimensions: Int)

  /// Numbers of a symbol's vector; nil where it has none.
  var dimensions: Int? {
    if case .learned(let dimensions) = self { dimensions } else { nil }
  }
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
