extension Feature {
  /// The price and volume part of qlib's Alpha158 in our scale-free forms: 9 features of the newest candle, then 24 over each
  /// window, kind by kind, in an order that stays. With the default windows 105 columns.
  ///
  /// Left out is what others say already: OPEN0, HIGH0 and LOW0 (body and shadows), CNTD, SUMP, SUMN, VSUMP and VSUMN (sums
  /// and differences of columns that are there), and VWAP0, which candles do not know. `docs/features.md` says which of ours is
  /// which of theirs.
  ///
  /// - Parameter windows: each once, 3 candles or more; a schema refuses others.
  public static func alpha(windows: [Int] = [5, 10, 20, 30]) -> [Feature] {
    let candle: [Feature] = [.body, .rangeOverOpen] + CandleShape.allCases.map(Feature.shape)
    let prices: [(Int) -> Feature] = [{ .return($0) }, { .averageRatio($0) }, { .relativeStrength($0) }, { .volumeRatio($0) }]
    let statistics: [(Int) -> Feature] = WindowStatistic.allCases.map { statistic in { .statistic(statistic, $0) } }
    return candle + (prices + statistics).flatMap { kind in windows.map(kind) }
  }
}
