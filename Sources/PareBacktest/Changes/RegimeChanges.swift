/// Changed positions and the money of both sides by regime.
public struct RegimeChanges: Codable, Sendable, Hashable {
  /// The decisions of one regime, or of all that share its volatility or its trend.
  public struct Row: Codable, Sendable, Hashable {
    /// nil where it does not matter, or is unknown.
    public let volatility: Regime.Volatility?
    public let trend: Regime.Trend?
    public fileprivate(set) var decisions = 0
    public fileprivate(set) var missed = 0
    public fileprivate(set) var `false` = 0
    public fileprivate(set) var reversed = 0
    public fileprivate(set) var resized = 0
    /// Of the steps that these decisions were held for, after the costs of their fills.
    public fileprivate(set) var originalNet = 0.0
    public fileprivate(set) var candidateNet = 0.0

    fileprivate init(_ volatility: Regime.Volatility?, _ trend: Regime.Trend?) {
      self.volatility = volatility
      self.trend = trend
    }

    /// Writes what does not matter as null, so that every key is there.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(volatility, forKey: .volatility)
      try container.encode(trend, forKey: .trend)
      try container.encode(decisions, forKey: .decisions)
      try container.encode(missed, forKey: .missed)
      try container.encode(`false`, forKey: .false)
      try container.encode(reversed, forKey: .reversed)
      try container.encode(resized, forKey: .resized)
      try container.encode(originalNet, forKey: .originalNet)
      try container.encode(candidateNet, forKey: .candidateNet)
    }
  }

  /// Low, middle, high; down, flat, up; and each of the nine together.
  public let volatility: [Row]
  public let trend: [Row]
  public let both: [Row]
  /// Decisions made before enough candles were there. With it each of the three lists sums to the whole.
  public let unlabelled: Row

  /// - Parameters:
  ///   - regimes: of the candles that decisions were made on.
  ///   - first: the candle of the first decision.
  /// - Throws: `backtest.range` where there are not labels for all decisions.
  public init(_ compared: ComparedPositions, regimes: Regimes, from first: Int = 0) throws(BacktestError) {
    guard first >= 0, first <= regimes.labels.count - compared.steps else {
      throw BacktestError(
        "range", subject: "regimes", expected: "candles within 0 ..< \(regimes.labels.count)",
        found: "\(compared.steps) from candle \(first)")
    }
    var volatility = Regime.Volatility.allCases.map { Row($0, nil) }
    var trend = Regime.Trend.allCases.map { Row(nil, $0) }
    var both = Regime.Volatility.allCases.flatMap { volatility in Regime.Trend.allCases.map { Row(volatility, $0) } }
    var unlabelled = Row(nil, nil)
    for step in compared.returns.indices {
      guard let label = regimes.labels[first + step] else {
        unlabelled.add(step, of: compared)
        continue
      }
      for place in volatility.indices where volatility[place].volatility == label.volatility {
        volatility[place].add(step, of: compared)
      }
      for place in trend.indices where trend[place].trend == label.trend { trend[place].add(step, of: compared) }
      for place in both.indices where both[place].volatility == label.volatility && both[place].trend == label.trend {
        both[place].add(step, of: compared)
      }
    }
    self.volatility = volatility
    self.trend = trend
    self.both = both
    self.unlabelled = unlabelled
  }
}

extension RegimeChanges.Row {
  fileprivate mutating func add(_ step: Int, of compared: ComparedPositions) {
    decisions += 1
    switch ChangeKind(from: compared.original[step], to: compared.candidate[step]) {
    case .missed: missed += 1
    case .false: `false` += 1
    case .reversed: reversed += 1
    case .resized: resized += 1
    case .equal: break
    }
    let before = compared.money(of: compared.original, in: step)
    let after = compared.money(of: compared.candidate, in: step)
    originalNet += before.gross - before.costs
    candidateNet += after.gross - after.costs
  }
}
