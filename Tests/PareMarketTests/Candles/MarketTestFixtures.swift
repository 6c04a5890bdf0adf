import Foundation
import PareMarket
import PareTensor
import Testing

/// A folder that is removed with the value.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("pare-market-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and returns its path.
  func file(_ name: String, _ content: String) throws -> String {
    try file(name, Array(content.utf8))
  }

  func file(_ name: String, _ content: [UInt8]) throws -> String {
    try Data(content).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: url.appendingPathComponent(name)))
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}

/// Candles whose values follow from their place, so that tests can say what they expect.
enum SampleCandles {
  /// 2024-01-01 00:00, a Monday.
  static let start: Int64 = 1_704_067_200_000

  static func make(_ count: Int, interval: CandleInterval = .fiveMinutes, from start: Int64 = start) -> [Candle] {
    (0..<count).map { candle(at: interval.start(start, advancedBy: $0)) }
  }

  static func candle(at start: Int64) -> Candle {
    let step = Int(start / 60_000 % 997)
    let open = Double(10_000 + step) / 10
    let close = Double(10_000 + step * 7 % 997) / 10
    return Candle(
      start: start, open: open, high: max(open, close) + 0.5, low: min(open, close) - 0.5, close: close,
      volume: Double(step) / 8, turnover: Double(step) * 125)
  }
}

extension SeriesKey {
  static let sample = SeriesKey(symbol: "BTCUSDT", interval: .fiveMinutes, venue: "bybit/linear")
}

/// The error that `body` throws, which has to be a `MarketError` whose text is one line.
func marketError(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) throws -> MarketError {
  do {
    try body()
  } catch let error as MarketError {
    let isOneLine = !error.description.contains { $0.isNewline }
    #expect(isOneLine, sourceLocation: sourceLocation)
    return error
  }
  throw NothingWasThrown()
}

func marketError(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws -> MarketError {
  let result: Result<Void, any Error>
  do {
    result = .success(try await body())
  } catch {
    result = .failure(error)
  }
  return try marketError({ try result.get() }, sourceLocation: sourceLocation)
}

struct NothingWasThrown: Error {}
