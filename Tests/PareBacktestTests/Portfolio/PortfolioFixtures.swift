import PareBacktest
import PareTensor

let hour: Int64 = 3_600_000
/// Midnight of a UTC day.
let midnight: Int64 = 1_700_006_400_000

/// Candles of an hour that wander, some of them missing, with highs and lows around open and close.
func wanderingCandles(_ count: Int, seed: UInt64, from start: Int = 0, gaps: Bool = true) throws -> TradedCandles {
  var generator = SeededGenerator(seed: seed, stream: "candles")
  var (times, opens, highs, lows, closes, volumes) = ([Int64](), [Double](), [Double](), [Double](), [Double](), [Double]())
  var price = 100.0
  for index in 0..<count {
    price *= 1 + 0.004 * generator.normal()
    let open = price
    price *= 1 + 0.01 * generator.normal()
    let missing = gaps && generator.below(12) == 0
    let (up, down, volume) = (generator.uniform(), generator.uniform(), generator.uniform())
    if missing, index > 0 { continue }
    times.append(midnight + Int64(start + index) * hour)
    opens.append(open)
    closes.append(price)
    highs.append(max(open, price) * (1 + 0.005 * up))
    lows.append(min(open, price) * (1 - 0.005 * down))
    volumes.append(1_000 * volume)
  }
  return try TradedCandles(times: times, opens: opens, highs: highs, lows: lows, closes: closes, volumes: volumes)
}

/// Targets that stay for some candles: sides, halves or flat.
func wanderingTargets(_ count: Int, seed: UInt64) -> [Double] {
  var generator = SeededGenerator(seed: seed, stream: "targets")
  var target = 0.0
  return (0..<count).map { _ in
    if generator.below(5) == 0 { target = [-1, -0.5, 0, 0.5, 1, 1.5][generator.below(6)] }
    return target
  }
}

/// Candles of an hour from `(open, high, low, close)`.
func candles(_ prices: [(Double, Double, Double, Double)]) throws -> TradedCandles {
  try TradedCandles(
    times: prices.indices.map { midnight + Int64($0) * hour }, opens: prices.map { $0.0 }, highs: prices.map { $0.1 },
    lows: prices.map { $0.2 }, closes: prices.map { $0.3 }, volumes: prices.map { _ in 1 })
}

/// A cost model of so many basis points a side.
func basisPoints(_ fee: Double) throws -> CostModel {
  CostModel(try TradingCosts(fee: fee, halfSpread: 0, slippage: 0))
}

/// The code of the `BacktestError` that `body` throws.
func errorCode(_ body: () throws -> Void) -> String? {
  do { try body() } catch { return (error as? BacktestError)?.code ?? "\(error)" }
  return nil
}
