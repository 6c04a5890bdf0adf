/// A weighted graph between symbols: which ones a model lets hear each other, and how much.
public struct SymbolGraph: Sendable, Hashable {
  /// In the order of rows and columns; at least two, each once.
  public let symbols: [String]
  /// Row-major `[N, N]`: entry `(i, j)` is the weight with which symbol `i` hears symbol `j`, 0 where there is no edge.
  public let weights: [Float]

  public var count: Int { symbols.count }

  /// - Throws: `market.graph-symbols` for fewer than two symbols or a repetition; `market.graph-weights` for another
  ///   number of weights than `N · N`, or one that is not finite.
  public init(symbols: [String], weights: [Float]) throws(MarketError) {
    guard symbols.count >= 2, Set(symbols).count == symbols.count else {
      throw MarketError(
        "graph-symbols", subject: "graph", expected: "two symbols or more, each once",
        found: symbols.count < 2 ? "\(symbols.count)" : "a repetition", category: .usage)
    }
    guard weights.count == symbols.count * symbols.count, weights.allSatisfy(\.isFinite) else {
      throw MarketError(
        "graph-weights", subject: "graph", expected: "\(symbols.count * symbols.count) finite weights",
        found: "\(weights.count), \(weights.count { !$0.isFinite }) of them not finite")
    }
    self.symbols = symbols
    self.weights = weights
  }

  /// - Precondition: what the other initializer checks.
  private init(checked symbols: [String], _ weights: [Float]) {
    self.symbols = symbols
    self.weights = weights
  }

  /// The weight with which the symbol at `listener` hears the one at `source`.
  public subscript(listener: Int, source: Int) -> Float { weights[listener * count + source] }

  public var isSymmetric: Bool {
    (0..<count).allSatisfy { i in (0..<i).allSatisfy { self[i, $0] == self[$0, i] } }
  }

  /// Whom a symbol hears, itself included where it has a loop.
  public func sources(of listener: Int) -> [Int] { (0..<count).filter { self[listener, $0] != 0 } }

  /// The graph with, for each symbol, the `most` sources of the greatest magnitude; of equals the earlier. Loops stay and do
  /// not count.
  ///
  /// - Parameter symmetric: keeps an edge that either end keeps, so that a symmetric graph stays one.
  public func keeping(strongest most: Int, symmetric: Bool = true) -> SymbolGraph {
    precondition(most >= 0)
    var isKept = [Bool](repeating: false, count: weights.count)
    for i in 0..<count {
      let ranked = (0..<count).filter { $0 != i && self[i, $0] != 0 }.sorted {
        (-abs(self[i, $0]), $0) < (-abs(self[i, $1]), $1)
      }
      for j in ranked.prefix(most) { isKept[i * count + j] = true }
    }
    return filtered { i, j in isKept[i * count + j] || (symmetric && isKept[j * count + i]) }
  }

  /// The graph with the edges whose magnitude is at least `threshold`. Loops stay.
  public func keeping(atLeast threshold: Float) -> SymbolGraph {
    filtered { i, j in abs(self[i, j]) >= threshold }
  }

  private func filtered(_ keeps: (Int, Int) -> Bool) -> SymbolGraph {
    mapped { i, j, weight in i == j || keeps(i, j) ? weight : 0 }
  }

  /// The graph in which every symbol hears itself with this weight; 0 takes loops away.
  public func withSelfLoops(_ weight: Float = 1) -> SymbolGraph {
    mapped { i, j, old in i == j ? weight : old }
  }

  /// Each row divided by the sum of its magnitudes; a symbol that hears nobody keeps zeros.
  public func normalizedByRow() -> SymbolGraph {
    let degrees = self.degrees
    return mapped { i, _, weight in degrees[i] > 0 ? Float(Double(weight) / degrees[i]) : 0 }
  }

  /// `D^(−1/2) · A · D^(−1/2)`, `D` the sums of magnitudes of the rows; a symbol that hears nobody keeps zeros.
  ///
  /// - Source: Kipf and Welling 2017, arXiv:1609.02907, §2, which adds loops of 1 first (`withSelfLoops`).
  /// - Throws: `market.graph-symmetry` for a graph that is not symmetric.
  public func normalizedSymmetrically() throws(MarketError) -> SymbolGraph {
    guard isSymmetric else {
      throw MarketError(
        "graph-symmetry", subject: "graph", expected: "a symmetric graph, or normalization by row", found: "one that is not",
        category: .usage)
    }
    let roots = degrees.map { $0.squareRoot() }
    // Whichever comes first, so that the result stays symmetric to the bit.
    return mapped { i, j, weight in weight == 0 ? 0 : Float(Double(weight) / (roots[min(i, j)] * roots[max(i, j)])) }
  }

  /// Sums of magnitudes of the rows.
  private var degrees: [Double] {
    (0..<count).map { i in (0..<count).reduce(0) { $0 + Double(abs(self[i, $1])) } }
  }

  private func mapped(_ change: (_ listener: Int, _ source: Int, _ weight: Float) -> Float) -> SymbolGraph {
    SymbolGraph(checked: symbols, weights.indices.map { change($0 / count, $0 % count, weights[$0]) })
  }
}
