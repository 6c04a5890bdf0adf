import PareMarket

/// An instrument with what its corporate actions do put into its prices.
struct AdjustedInstrument: Sendable {
  /// Without actions of its own.
  let instrument: Instrument
  /// Adjusted over raw price per candle; empty where nothing is adjusted.
  private let factors: [Double]

  /// - Throws: `backtest.actions` where they do not ascend; `backtest.prices` where adjusted ones are beyond all numbers.
  init(_ instrument: Instrument, days: TradingDays) throws(BacktestError) {
    guard !instrument.actions.isEmpty else {
      self.instrument = instrument
      factors = []
      return
    }
    factors = try AdjustmentFactors(instrument.actions, on: instrument.candles, days: days, name: instrument.name).factors
    self.instrument = Instrument(
      instrument.name, candles: try instrument.candles.scaled(by: factors), costs: instrument.costs,
      spreadMultiples: instrument.spreadMultiples, history: instrument.history)
  }

  func factor(at candle: Int) -> Double { factors.isEmpty ? 1 : factors[candle] }
}
