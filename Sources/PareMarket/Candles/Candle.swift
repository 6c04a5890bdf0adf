/// One candle: what a market did between `start` and `start + interval`.
public struct Candle: Sendable, Hashable {
  /// Opening time, Unix milliseconds, UTC. The key within a series.
  public var start: Int64
  /// Prices in the quote currency.
  public var open: Double
  public var high: Double
  public var low: Double
  public var close: Double
  /// Traded volume in the base coin (or contracts, as the venue counts).
  public var volume: Double
  /// Traded value in the quote currency; nil where the source does not keep it.
  public var turnover: Double?

  public init(
    start: Int64, open: Double, high: Double, low: Double, close: Double, volume: Double, turnover: Double? = nil
  ) {
    self.start = start
    self.open = open
    self.high = high
    self.low = low
    self.close = close
    self.volume = volume
    self.turnover = turnover
  }
}

/// The length of a candle, with the venue's spelling.
public enum CandleInterval: String, Sendable, CaseIterable, Codable {
  case oneMinute = "1"
  case threeMinutes = "3"
  case fiveMinutes = "5"
  case fifteenMinutes = "15"
  case thirtyMinutes = "30"
  case oneHour = "60"
  case twoHours = "120"
  case fourHours = "240"
  case sixHours = "360"
  case twelveHours = "720"
  case oneDay = "D"
  case oneWeek = "W"
  case oneMonth = "M"

  /// Length in milliseconds; nil for a month, which has no fixed length.
  public var milliseconds: Int64? {
    switch self {
    case .oneDay: 86_400_000
    case .oneWeek: 7 * 86_400_000
    case .oneMonth: nil
    default: Int64(rawValue).map { $0 * 60_000 }
    }
  }

  /// The length as people write it: `5m`, `1h`, `1d`, `1w`, `1M`.
  public var name: String {
    switch self {
    case .oneDay: "1d"
    case .oneWeek: "1w"
    case .oneMonth: "1M"
    case .oneHour, .twoHours, .fourHours, .sixHours, .twelveHours: "\((milliseconds ?? 0) / 3_600_000)h"
    default: rawValue + "m"
    }
  }

  /// Reads either spelling: the venue's (`60`, `D`) or `name` (`1h`, `1d`).
  public init?(spelling: String) {
    guard let match = Self.allCases.first(where: { $0.rawValue == spelling || $0.name == spelling }) else { return nil }
    self = match
  }
}

/// What a series of candles is of.
public struct SeriesKey: Sendable, Hashable {
  /// Upper case, as the venue spells it: `BTCUSDT`.
  public var symbol: String
  public var interval: CandleInterval
  /// Where it traded, with the product: `bybit/linear`. Empty where the source does not say.
  public var venue: String

  public init(symbol: String, interval: CandleInterval, venue: String = "") {
    self.symbol = symbol
    self.interval = interval
    self.venue = venue
  }
}

extension SeriesKey: CustomStringConvertible {
  /// `BTCUSDT 5m bybit/linear`.
  public var description: String {
    [symbol, interval.name, venue].filter { !$0.isEmpty }.joined(separator: " ")
  }
}

/// Candles of one symbol and interval: ascending and unique by `start`. Gaps are allowed and known, never filled.
public struct CandleSeries: Sendable, Equatable {
  public let key: SeriesKey
  public let candles: [Candle]
  /// When the market trades; nil where candles follow each other without a pause.
  public let calendar: SessionCalendar?

  /// - Precondition: `candles` ascend strictly by `start`; readers establish this before they make a series.
  public init(key: SeriesKey, candles: [Candle], calendar: SessionCalendar? = nil) {
    precondition(zip(candles, candles.dropFirst()).allSatisfy { $0.start < $1.start }, "candles must ascend strictly")
    self.key = key
    self.candles = candles
    self.calendar = calendar
  }

  /// Whether no candle is missing between the one at `index` and the one before it.
  ///
  /// - Precondition: both exist, and the interval has a fixed length or there is a calendar.
  func isConsecutive(_ index: Int) -> Bool {
    let (start, previous) = (candles[index].start, candles[index - 1].start)
    if let calendar { return calendar.isNext(start, after: previous) }
    return start &- previous == key.interval.milliseconds
  }
}
