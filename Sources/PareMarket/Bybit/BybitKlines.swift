import Foundation
import NIOCore

/// What a symbol is traded as.
public enum BybitCategory: String, Sendable, CaseIterable, Codable {
  case spot, linear, inverse

  /// The venue in the key of series fetched here: `bybit/linear`.
  public var venue: String { "bybit/" + rawValue }
}

/// The candles of one symbol that start within a span, both ends included.
public struct KlineRequest: Sendable, Hashable {
  public var category: BybitCategory
  /// Upper case, as the exchange spells it.
  public var symbol: String
  public var interval: CandleInterval
  /// Unix milliseconds.
  public var starts: ClosedRange<Int64>

  public init(category: BybitCategory, symbol: String, interval: CandleInterval, starts: ClosedRange<Int64>) {
    self.category = category
    self.symbol = symbol
    self.interval = interval
    self.starts = starts
  }

  /// The path and query of `GET /v5/market/kline`. Symbols hold no character that would need escaping, which
  /// `validate` establishes.
  func target(limit: Int) -> String {
    "/v5/market/kline?category=\(category.rawValue)&symbol=\(symbol)&interval=\(interval.rawValue)"
      + "&start=\(starts.lowerBound)&end=\(starts.upperBound)&limit=\(limit)"
  }

  /// - Throws: `.usage` for a symbol that is not upper-case letters, digits, `-`, `_` or `.`, and for more starts than
  ///   one answer can hold, of which the exchange would leave out the oldest without a word.
  func validate(limit: Int) throws {
    guard CandleInterval.timeRange.contains(starts.lowerBound), CandleInterval.timeRange.contains(starts.upperBound),
      interval.steps(from: starts.lowerBound, to: starts.upperBound) < limit
    else {
      throw MarketError(
        "span", subject: "starts", expected: "at most \(limit) candles of \(interval.name)", found: "\(starts)",
        category: .usage)
    }
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    guard !symbol.isEmpty, symbol.allSatisfy({ allowed.contains($0) }) else {
      throw MarketError(
        "symbol", subject: "symbol", expected: "upper-case letters and digits, as BTCUSDT", found: "'\(symbol)'",
        category: .usage)
    }
  }
}

/// The answer to one request for candles.
public struct KlinePage: Sendable, Hashable {
  /// Finished candles, ascending by start.
  public let candles: [Candle]
  /// Whether the answer held a candle that was not finished by the server's clock, and was left out.
  public let hadUnfinished: Bool
  /// When the server answered, Unix milliseconds.
  public let serverTime: Int64

  /// Reads the body of a successful answer. Rows may come in any order; the exchange sends the newest first.
  ///
  /// - Throws: `.badData` for another shape, a value that is no number, a candle that breaks a rule of
  ///   `Candle.defect(on:)`, one that was not asked for, or two with one start.
  init(body: ByteBuffer, request: KlineRequest, subject: String) throws {
    let answer = try BybitAnswer<KlineResult>(body: body, subject: subject)
    guard let result = answer.result else { throw BybitAnswer<KlineResult>.malformed(subject, "no 'result'") }
    guard let serverTime = answer.time else { throw BybitAnswer<KlineResult>.malformed(subject, "no 'time'") }
    guard result.symbol == nil || result.symbol == request.symbol else {
      throw MarketError(
        "answer", subject: subject, expected: "candles of \(request.symbol)",
        found: "candles of \(result.symbol ?? "")")
    }
    var candles: [Candle] = []
    candles.reserveCapacity(result.list.count)
    for (index, row) in result.list.enumerated() {
      let place = "\(subject): result.list[\(index)]"
      let candle = try Candle(kline: row, place: place)
      if let defect = candle.defect(on: request.interval) {
        throw MarketError("answer", subject: place, expected: defect.expected, found: defect.found)
      }
      guard request.starts.contains(candle.start) else {
        throw MarketError(
          "answer", subject: place, expected: "a start within \(request.starts)", found: "\(candle.start)")
      }
      candles.append(candle)
    }
    candles.sort { $0.start < $1.start }
    for (first, second) in zip(candles, candles.dropFirst()) where first.start == second.start {
      throw MarketError(
        "answer", subject: subject, expected: "one candle per start", found: "two at \(first.start)")
    }
    let finished = candles.prefix { request.interval.start($0.start, advancedBy: 1) <= serverTime }
    self.candles = Array(finished)
    hadUnfinished = finished.count < candles.count
    self.serverTime = serverTime
  }
}

private struct KlineResult: Decodable {
  let symbol: String?
  let list: [[String]]
}

extension Candle {
  /// `[start, open, high, low, close, volume, turnover]`, all strings.
  fileprivate init(kline row: [String], place: String) throws {
    guard row.count == 7 else {
      throw MarketError("answer", subject: place, expected: "7 strings", found: "\(row.count)")
    }
    guard let start = DecimalText.integer(row[0].utf8) else {
      throw MarketError("answer", subject: "\(place)[0]", expected: "a time in milliseconds", found: "'\(row[0])'")
    }
    func number(_ index: Int) throws -> Double {
      guard let value = DecimalText.double(row[index]) else {
        throw MarketError(
          "answer", subject: "\(place)[\(index)]", expected: "a number", found: "'\(row[index].prefix(40))'")
      }
      return value
    }
    self.init(
      start: start, open: try number(1), high: try number(2), low: try number(3), close: try number(4),
      volume: try number(5), turnover: try number(6))
  }
}
