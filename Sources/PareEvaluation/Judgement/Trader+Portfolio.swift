import PareBacktest
import PareMarket

extension Trader {
  /// The targets that a portfolio layer makes of the alphas of a part's cross-sections.
  ///
  /// At every so many decision times, counted from the part's first, the symbols that have a row then get weights; they stand until the
  /// next time. Returns that the layer reads end with the candle at whose close the decision is made.
  ///
  /// - Throws: `backtest.cross-section` for data of one symbol, and what else the layer throws.
  func portfolio(
    of decisions: Decisions, on part: DatasetPart, layer: PortfolioLayer, every: Int, candles count: Int
  ) throws -> [Targets] {
    let rows = dataset.parts[part]
    let symbols = try symbols(of: part)
    var weights = [Double](repeating: 0, count: dataset.keys.count)
    var targets = Dictionary(uniqueKeysWithValues: symbols.map { ($0.symbol, [Double](repeating: 0, count: $0.range.count)) })
    let ranges = Dictionary(uniqueKeysWithValues: symbols.map { ($0.symbol, $0.range) })
    /// Candles of a symbol's targets that are decided on.
    var reached = [Int](repeating: 0, count: dataset.keys.count)
    func hold(_ symbol: Int, until end: Int) {
      guard reached[symbol] < end else { return }
      for place in reached[symbol]..<end { targets[symbol]?[place] = weights[symbol] }
      reached[symbol] = end
    }
    var (row, date) = (rows.lowerBound, 0)
    while row < rows.upperBound {
      let time = dataset.times[row]
      var alphas = [Double?](repeating: nil, count: dataset.keys.count)
      var places = [Int?](repeating: nil, count: dataset.keys.count)
      while row < rows.upperBound, dataset.times[row] == time {
        let symbol = Int(dataset.symbolIDs[row])
        alphas[symbol] = Double(decisions.alphas[row - rows.lowerBound])
        places[symbol] = dataset.candleIndices[row]
        row += 1
      }
      // What was held stands up to this candle.
      for (symbol, place) in places.enumerated() {
        if let place, let range = ranges[symbol] { hold(symbol, until: place - range.lowerBound) }
      }
      defer { date += 1 }
      guard date % every == 0 else { continue }
      let returns: [[Double]] = places.enumerated().map { symbol, place in place.map { self.returns(of: symbol, upTo: $0, count: count) } ?? [] }
      // Symbols whose past is too short for the layer wait.
      let length = returns.map(\.count).max() ?? 0
      for symbol in alphas.indices where returns[symbol].count < min(length, count) { alphas[symbol] = nil }
      weights = try layer.weights(alphas: alphas, returns: returns)
    }
    return symbols.map { symbol, range in
      hold(symbol, until: range.count)
      return Targets(symbol: symbol, range: range, targets: targets[symbol] ?? [])
    }
  }
}
