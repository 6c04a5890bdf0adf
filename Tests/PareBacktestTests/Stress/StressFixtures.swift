import PareBacktest
import PareMarket

extension TradedCandles {
  /// The same as a series of hours, with a turnover.
  var series: CandleSeries {
    CandleSeries(
      key: SeriesKey(symbol: "SIM", interval: .oneHour),
      candles: times.indices.map {
        Candle(
          start: times[$0], open: opens[$0], high: highs[$0], low: lows[$0], close: closes[$0], volume: volumes[$0],
          turnover: volumes[$0] * closes[$0])
      })
  }
}
