import PareBacktest
import PareMarket

/// Trades decisions on the candles of a part of the data: all symbols with one capital, of which each has an equal share.
package struct Trader: Sendable {
  let dataset: MarketDataset
  private let candles: [TradedCandles]
  private let spreadMultiples: [[Double]]?
  package let plan: TradingPlan

  /// - Parameter series: those of the dataset, in its order.
  /// - Throws: `backtest.prices` and what else `TradedCandles` refuses.
  package init(
    _ dataset: MarketDataset, series: [CandleSeries], plan: TradingPlan, spreadMultiples: [[Double]]? = nil
  ) throws {
    self.spreadMultiples = spreadMultiples
    self.dataset = dataset
    self.plan = plan
    candles = try series.map { try TradedCandles($0.candles) }
  }

  /// Decisions of the rows of a part and how sure each is.
  package struct Decisions: Sendable {
    package let sides: [Int8]
    package let confidences: [Float]
    package let threshold: Float
    /// How strongly a rise is expected; empty where nobody asks.
    package let alphas: [Float]

    package init(sides: [Int8], confidences: [Float], threshold: Float, alphas: [Float] = []) {
      self.sides = sides
      self.confidences = confidences
      self.threshold = threshold
      self.alphas = alphas
    }
  }

  /// One symbol's candles in a part and what is wanted of it.
  package struct Targets: Sendable {
    package let symbol: Int
    /// Those of the part's decisions, in the symbol's series.
    package let range: Range<Int>
    /// One per candle of the range, as shares of the capital.
    package let targets: [Double]
  }

  /// The targets that decisions make, before stops and limits.
  package func targets(of decisions: Decisions, on part: DatasetPart) throws -> [Targets] {
    if case .portfolio(let layer, let every, let candles) = plan.positions {
      return try portfolio(of: decisions, on: part, layer: layer, every: every, candles: candles)
    }
    let first = dataset.parts[part].lowerBound
    return try symbols(of: part).map { symbol, range in
      let rows = dataset.rows(of: part, symbol: symbol)
      let sides = rows.map { decisions.sides[$0 - first] }
      let places = rows.map { dataset.candleIndices[$0] }
      var wanted = [Int8](repeating: 0, count: range.count)
      switch plan.positions {
      case .single(let holding):
        wanted = try DecidedPositions(decisions: sides, at: places, holding: holding).targetPositions(over: range)
      case .tranches, .portfolio:
        for (side, place) in zip(sides, places) { wanted[place - range.lowerBound] = side }
      }
      // A position keeps the confidence of the decision that made it.
      var confidences = [Double](repeating: 0, count: range.count)
      var (next, latest) = (0, 0.0)
      for candle in range {
        if next < places.count, places[next] == candle {
          if sides[next] != 0 { latest = Double(min(max(decisions.confidences[rows[next] - first], 0), 1)) }
          next += 1
        }
        confidences[candle - range.lowerBound] = latest
      }
      let history = min(plan.lookback, range.lowerBound)
      let seen = range.lowerBound - history..<range.upperBound
      let sized = try plan.size.targets(
        sides: [Int8](repeating: 0, count: history) + wanted, confidences: [Double](repeating: 0, count: history) + confidences,
        threshold: Double(min(decisions.threshold, 0.999_999)), candles: candles[symbol][seen])
      var targets = sized.dropFirst(history).map { $0 / Double(dataset.keys.count) }
      if case .tranches(let count) = plan.positions { targets = try Tranches.overlapping(targets, count: count) }
      return Targets(symbol: symbol, range: range, targets: targets)
    }
  }

  /// The same position in every symbol at every candle.
  package func constant(_ position: Double, on part: DatasetPart) throws -> [Targets] {
    try symbols(of: part).map { symbol, range in
      Targets(
        symbol: symbol, range: range,
        targets: [Double](repeating: position / Double(dataset.keys.count), count: range.count))
    }
  }

  /// The money that targets make.
  ///
  /// - Parameters:
  ///   - lag: candles between a decision's close and the open that fills it.
  ///   - delay: in place of the plan's.
  ///   - rules: in place of the plan's.
  package func money(
    of targets: [Targets], lag: Int = 0, delay: FillDelay? = nil, rules: TradingRules? = nil
  ) throws -> PortfolioResult {
    let delay = delay ?? plan.delay
    let (backtest, wanted) = try backtest(targets, lag: lag, delay: delay, longest: delay.milliseconds, rules: rules)
    return try backtest.run(targets: wanted)
  }

  /// The money that targets make when they reach the market later and later, on top of nothing.
  package func delays(of targets: [Targets]) throws -> DelayCurve {
    let candle = dataset.keys.first?.interval.milliseconds ?? 0
    var delay = plan.delay
    delay.milliseconds = 0
    let (backtest, wanted) = try backtest(targets, lag: 0, delay: delay, longest: Double(max(candle, 60_000)))
    return try DelayCurve(backtest, targets: wanted)
  }

  /// - Parameter longest: the delay in milliseconds after which candles are still needed.
  private func backtest(
    _ targets: [Targets], lag: Int, delay: FillDelay, longest: Double, rules: TradingRules? = nil
  ) throws -> (PortfolioBacktest, [[Double]]) {
    var (instruments, wanted) = ([Instrument](), [[Double]]())
    let candle = Double(dataset.keys.first?.interval.milliseconds ?? 1)
    let late = Int((longest / max(candle, 1)).rounded(.up))
    for one in targets {
      let all = candles[one.symbol]
      let history = min(plan.lookback, one.range.lowerBound)
      // A decision is filled after its candle and earns up to the open of the next.
      let end = min(one.range.upperBound + 2 + lag + late, all.count)
      let seen = one.range.lowerBound - history..<end
      instruments.append(
        Instrument(
          dataset.keys[one.symbol].symbol, candles: all[seen], costs: plan.costs,
          spreadMultiples: spreadMultiples.map { Array($0[one.symbol][seen]) }, history: history))
      wanted.append(
        [Double](repeating: 0, count: history) + one.targets
          + [Double](repeating: one.targets.last ?? 0, count: end - one.range.upperBound))
    }
    let backtest = try PortfolioBacktest(
      instruments, rules: rules ?? plan.rules, execution: plan.execution, lag: lag, delay: delay, capital: plan.capital)
    return (backtest, wanted)
  }

  /// How two come through the same candles of one symbol.
  ///
  /// - Parameter days: counts only these; nil counts all.
  func outcome(_ name: String, original: [Targets], candidate: [Targets], days: VolatileDays?) throws -> StressOutcome {
    let (backtest, _) = try backtest(original, lag: 0, delay: plan.delay, longest: plan.delay.milliseconds)
    return try StressOutcome(
      name, backtest, original: original.first?.targets ?? [], candidate: candidate.first?.targets ?? [],
      from: backtest.instruments.first?.history ?? 0, days: days)
  }

  /// The positions of two over the same steps, before rules and limits; nil where there are several symbols.
  package func compared(_ original: [Targets], _ candidate: [Targets]) throws -> (positions: ComparedPositions, first: Int)? {
    guard original.count == 1, candidate.count == 1, original[0].range == candidate[0].range else { return nil }
    let range = original[0].range
    let opens = candles[original[0].symbol].opens
    let steps = min(range.count, opens.count - range.lowerBound - 2)
    let returns = (0..<max(steps, 0)).map { opens[range.lowerBound + $0 + 2] / opens[range.lowerBound + $0 + 1] - 1 }
    let positions = try ComparedPositions(
      returns: returns, original: Array(original[0].targets.prefix(steps)), candidate: Array(candidate[0].targets.prefix(steps)),
      costs: plan.costs.taking)
    return (positions, range.lowerBound)
  }

  /// Returns from close to close of a symbol, the newest that of a candle.
  func returns(of symbol: Int, upTo candle: Int, count: Int) -> [Double] {
    let closes = candles[symbol].closes
    return (max(candle - count + 1, 1)..<max(candle + 1, 1)).map { closes[$0] / closes[$0 - 1] - 1 }
  }

  /// The regime at each candle of the first symbol, its volatility by the thirds of the training part; nil where that is too
  /// short.
  func regimes() -> Regimes? {
    guard let candles = candles.first, let training = dataset.candles(of: .train, symbol: 0),
      let cuts = try? RegimeCuts.fitted(on: candles, training: training)
    else { return nil }
    return Regimes(of: candles, cuts: cuts)
  }

  func symbols(of part: DatasetPart) throws -> [(symbol: Int, range: Range<Int>)] {
    let symbols = dataset.keys.indices.compactMap { symbol in dataset.candles(of: part, symbol: symbol).map { (symbol, $0) } }
    guard !symbols.isEmpty else {
      throw EvaluationError("part-empty", subject: "split.\(part.rawValue)", expected: "rows to judge", found: "none")
    }
    return symbols
  }
}
