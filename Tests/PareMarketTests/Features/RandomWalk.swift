import PareMarket
import PareTensor

/// Candles of a random walk whose opens differ from the closes before, for tests that need many and care about none.
enum RandomWalk {
  static func candles(
    _ count: Int, seed: UInt64, start: Int64 = 1_700_000_100_000 / 3_600_000 * 3_600_000, step: Int64 = 300_000
  ) -> [Candle] {
    var generator = SeededGenerator(seed: seed, stream: "random-walk")
    var price = 100.0
    return (0..<count).map { index in
      let open = price * (1 + 0.0005 * generator.normal())
      let close = open * (1 + 0.002 * generator.normal())
      let high = max(open, close) * (1 + 0.001 * generator.uniform())
      let low = min(open, close) * (1 - 0.001 * generator.uniform())
      price = close
      return Candle(
        start: start + Int64(index) * step, open: open, high: high, low: low, close: close,
        volume: 10 + 5 * generator.uniform())
    }
  }

  static func series(_ count: Int, seed: UInt64, symbol: String = "WALK") -> CandleSeries {
    CandleSeries(key: SeriesKey(symbol: symbol, interval: .fiveMinutes), candles: candles(count, seed: seed))
  }
}

extension CandleSeries {
  func replacing(_ candles: [Candle]) -> CandleSeries { CandleSeries(key: key, candles: candles) }
}
