import PareMarket
import PareTensor

/// Daily candles on weekdays, of symbols that move apart.
enum DailyPanel {
  /// 2024-01-01, a Monday.
  static let firstDay = 19_723

  static func weekdays(_ count: Int) -> [CalendarDate] {
    (0..<count * 2).lazy.filter { $0 % 7 < 5 }.prefix(count).map { CalendarDate(day: firstDay + $0) }
  }

  /// - Parameter missing: sessions that a symbol lacks.
  static func series(
    _ symbols: [String], sessions: Int, seed: UInt64, missing: [String: Set<Int>] = [:]
  ) throws -> [CandleSeries] {
    let dates = weekdays(sessions)
    let calendar = try SessionCalendar(dates: dates)
    return symbols.enumerated().map { place, symbol in
      let walk = RandomWalk.candles(sessions, seed: seed + UInt64(place))
      let candles = dates.indices.filter { missing[symbol]?.contains($0) != true }.map { session in
        var candle = walk[session]
        candle.start = dates[session].midnight
        return candle
      }
      return CandleSeries(key: SeriesKey(symbol: symbol, interval: .oneDay), candles: candles, calendar: calendar)
    }
  }
}

extension CandleSeries {
  /// The same with every candle changed that starts at a time or later.
  func disturbed(after time: Int64) -> CandleSeries {
    var changed = candles
    for place in changed.indices where changed[place].start >= time {
      changed[place].open *= 1.1
      changed[place].close *= place % 2 == 0 ? 1.3 : 0.8
      changed[place].high *= 1.5
      changed[place].low *= 0.5
      changed[place].volume *= 3
    }
    return CandleSeries(key: key, candles: changed, calendar: calendar)
  }
}
