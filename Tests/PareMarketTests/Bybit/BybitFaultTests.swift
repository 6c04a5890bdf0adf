import Foundation
import Logging
import PareMarket
import PareTensor
import Testing

/// What the client does when the exchange, or the way there, is not in order. Every request is for these ten candles.
@Suite struct BybitFaultTests {
  private typealias Reply = LocalExchange.Reply
  private static let candles = SampleCandles.make(10)
  private static let request = KlineRequest(
    category: .linear, symbol: "BTCUSDT", interval: .fiveMinutes, starts: candles[0].start...candles[9].start)

  private func klines(
    _ exchange: LocalExchange, clock: ManualClock = ManualClock(wallTime: 0), attempts: Int = 5
  ) async throws -> KlinePage {
    try await exchange.run { address in
      try await BybitClient.local(address, clock: clock, attempts: attempts).klines(Self.request)
    }
  }

  private static let temporary = [
    LocalExchange.Reply(body: LocalExchange.refusal(10000, "Server Timeout")),
    .init(body: LocalExchange.refusal(10006, "Too many visits!")),
    .init(body: LocalExchange.refusal(10016, "Server error")),
    .init(body: LocalExchange.refusal(429, "overloaded")),
    .init(status: 429, body: "slow down"), .init(status: 500, body: ""), .init(status: 503, body: "<html></html>"),
    .init(body: LocalExchange.success(candles.map(LocalExchange.row)), isCut: true),
  ]

  @Test(arguments: temporary.indices)
  func temporaryFaultsAreAskedAgain(_ index: Int) async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles) { number, _ in number < 3 ? Self.temporary[index] : nil }
    let page = try await klines(exchange, clock: clock)
    #expect(page.candles == Self.candles)
    #expect(exchange.queries.count == 4)
    // Half of the bound, which doubles: 500 ms, 1 s, 2 s.
    #expect(clock.sleeps == [.milliseconds(250), .milliseconds(500), .seconds(1)])
  }

  @Test(arguments: temporary.indices)
  func faultsThatStayAreOneLineAfterTheLastAttempt(_ index: Int) async throws {
    let exchange = LocalExchange(Self.candles) { _, _ in Self.temporary[index] }
    let error = try await marketError { _ = try await klines(exchange) }
    #expect(error.category == .serviceUnavailable)
    #expect(error.description.contains("no answer in 5 attempts"))
    #expect(exchange.queries.count == 5)
  }

  @Test func theLimitIsWaitedOutUntilItsReset() async throws {
    let clock = ManualClock(wallTime: 77)
    let now: Int64 = 1_704_100_000_000
    let exchange = LocalExchange(Self.candles) { number, _ in
      guard number < 2 else { return nil }
      return Reply(
        headers: ["x-bapi-limit-reset-timestamp": "\(now + 1_700)"],
        body: LocalExchange.refusal(10006, "Too many visits!", time: now))
    }
    #expect(try await klines(exchange, clock: clock).candles == Self.candles)
    #expect(clock.sleeps == [.milliseconds(1_950), .milliseconds(1_950)])
  }

  @Test(arguments: ["9223372036854775807", "-9223372036854775808", "soon", "0"])
  func aResetTimeThatMakesNoSenseIsBounded(_ reset: String) async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles) { number, _ in
      guard number == 0 else { return nil }
      return Reply(
        headers: ["X-Bapi-Limit-Reset-Timestamp": reset],
        body: LocalExchange.refusal(10006, "Too many visits!", time: 5))
    }
    #expect(try await klines(exchange, clock: clock).candles == Self.candles)
    #expect(clock.elapsed <= .seconds(61))
  }

  @Test func aRateLimitStormEndsWhenTheExchangeRelents() async throws {
    let exchange = LocalExchange(Self.candles) { number, _ in
      number < 60 ? Reply(status: number % 2 == 0 ? 429 : 200, body: LocalExchange.refusal(10006, "storm")) : nil
    }
    let clock = ManualClock(wallTime: 0)
    #expect(try await klines(exchange, clock: clock, attempts: 61).candles == Self.candles)
    #expect(clock.sleeps.max() == .seconds(30))  // half of the longest pause
    #expect(exchange.queries.count == 61)
  }

  @Test(arguments: [
    (10001, ErrorCategory.usage), (10029, .usage), (10002, .serviceUnavailable), (10003, .serviceUnavailable),
    (10009, .serviceUnavailable), (10017, .serviceUnavailable), (-1, .serviceUnavailable),
  ])
  func aLastingRefusalIsAnErrorAtOnceWithCodeAndMessage(_ code: Int, _ category: ErrorCategory) async throws {
    let exchange = LocalExchange(Self.candles) { _, _ in
      Reply(body: LocalExchange.refusal(code, "params error: symbol invalid"))
    }
    let error = try await marketError { _ = try await klines(exchange) }
    #expect(error.category == category)
    #expect(error.description.contains("retCode \(code): params error: symbol invalid"))
    #expect(exchange.queries.count == 1)
  }

  @Test(arguments: [400, 401, 403, 404])
  func aLastingStatusIsAnErrorAtOnce(_ status: Int) async throws {
    let exchange = LocalExchange(Self.candles) { _, _ in Reply(status: status, body: "no") }
    let error = try await marketError { _ = try await klines(exchange) }
    #expect(error.category == .serviceUnavailable && error.description.contains("HTTP \(status)"))
    #expect(exchange.queries.count == 1)
  }

  private static let silence = LocalExchange.Reply(status: 403, body: "Access too frequent. Please try again later")

  @Test func afterAccessTooFrequentNothingIsSentForTenMinutes() async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles) { number, _ in number == 0 ? Self.silence : nil }
    try await exchange.run { address in
      let client = try BybitClient.local(address, clock: clock)
      let error = try await marketError { _ = try await client.klines(Self.request) }
      #expect(error.code == "market.access-too-frequent" && error.category == .serviceUnavailable)
      #expect(error.description.contains("at least 10 minutes"))
      clock.advance(by: .seconds(599))
      #expect(try await marketError { _ = try await client.klines(Self.request) }.description.contains("1 minutes"))
      #expect(exchange.queries.count == 1)
      clock.advance(by: .seconds(1))
      #expect(try await client.klines(Self.request).candles == Self.candles)
    }
  }

  @Test func theTenMinutesAreWaitedOutWhereAsked() async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles) { number, _ in number == 0 ? Self.silence : nil }
    let page = try await exchange.run { address in
      try await BybitClient.local(address, clock: clock) { $0.waitsOutSilence = true }.klines(Self.request)
    }
    #expect(page.candles == Self.candles)
    #expect(clock.sleeps == [.seconds(600)])
  }

  private static let row = ##""1704067200000","10","12","9","11","3","4""##
  private static let malformed = [
    ("", "no valid JSON"),
    ("<html>hello</html>", "no valid JSON"),
    (#"{"retCode":0,"retMsg":"OK","result":{"list":[["#, "no valid JSON"),
    ("[]", "another type"),
    ("{}", "no 'retCode'"),
    (#"{"retCode":"0","time":9}"#, "another type than Int at retCode"),
    (#"{"retCode":0,"time":9}"#, "no 'result'"),
    (#"{"retCode":0,"time":9,"result":{}}"#, "no 'result.list'"),
    (#"{"retCode":0,"time":9,"result":{"list":{}}}"#, "result.list"),
    (#"{"retCode":0,"time":9,"result":{"list":[[1,2,3,4,5,6,7]]}}"#, "result.list[0][0]"),
    (#"{"retCode":0,"time":9,"result":{"list":[[\#(row)],null]}}"#, "result.list[1]"),
    (#"{"retCode":0,"result":{"list":[]}}"#, "no 'time'"),
    (#"{"retCode":0,"time":"9","result":{"list":[]}}"#, "another type than Int64 at time"),
    (#"{"retCode":0,"time":9,"result":{"symbol":"ETHUSDT","list":[]}}"#, "candles of ETHUSDT"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200000","10","12","9","11"]]}}"#, "7 strings, found 5"),
    (#"{"retCode":0,"time":9,"result":{"list":[["soon","10","12","9","11","3","4"]]}}"#, "result.list[0][0]"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200000","10","x","9","11","3","4"]]}}"#, "found 'x'"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200000","10","12","9","11","","4"]]}}"#, "result.list[0][5]"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200000","10","8","9","11","3","4"]]}}"#, "high not below low"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200000","10","12","9","NaN","3","4"]]}}"#, "finite close"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704067200001","10","12","9","11","3","4"]]}}"#, "5m grid"),
    (#"{"retCode":0,"time":9,"result":{"list":[["1704063600000","10","12","9","11","3","4"]]}}"#, "a start within"),
    (#"{"retCode":0,"time":9,"result":{"list":[[\#(row)],[\#(row)]]}}"#, "two at 1704067200000"),
  ]

  @Test(arguments: malformed.indices)
  func aMalformedAnswerIsBadDataAndSaysWhere(_ index: Int) async throws {
    let (body, saying) = Self.malformed[index]
    let exchange = LocalExchange(Self.candles) { _, _ in Reply(body: body) }
    let error = try await marketError { _ = try await klines(exchange) }
    #expect(error.category == .badData, "\(error)")
    #expect(error.description.contains(saying), "\(error)")
    #expect(exchange.queries.count == 1)
  }

  @Test func anAnswerWithoutEndIsRefused() async throws {
    let exchange = LocalExchange(Self.candles) { _, _ in Reply(body: String(repeating: " ", count: 9 << 20)) }
    #expect(try await marketError { _ = try await klines(exchange) }.description.contains("8 MiB"))
  }

  @Test func noNetworkIsOneLineWithExitCategory69() async throws {
    // A port that was free a moment ago: nobody listens.
    let address = try await LocalExchange([]).run { $0 }
    let clock = ManualClock(wallTime: 0)
    let client = try BybitClient.local(address, clock: clock)
    let error = try await marketError { _ = try await client.klines(Self.request) }
    #expect(error.category == .serviceUnavailable && error.category.rawValue == 69)
    #expect(error.description.contains(address) && error.description.contains("no answer in 5 attempts"))
    #expect(clock.sleeps.count == 4)
  }

  @Test func theDeadlineEndsAStorm() async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles) { _, _ in Reply(status: 503, body: "") }
    let error = try await marketError {
      try await exchange.run { address in
        _ = try await BybitClient.local(address, clock: clock, attempts: 1_000) { $0.deadline = .seconds(100) }
          .klines(Self.request)
      }
    }
    #expect(error.category == .serviceUnavailable && error.description.contains("deadline"))
    #expect(clock.elapsed < .seconds(100))
    #expect(exchange.queries.count < 20)
  }

  @Test(arguments: ["", "api.bybit.com", "ftp://api.bybit.com", "https://", "https://api.bybit.com/", "http://a b"])
  func aBaseAddressThatIsNoneIsAUsageError(_ address: String) throws {
    #expect(try marketError { _ = try BybitClient.local(address) }.category == .usage)
  }

  @Test func moreStartsThanAPageHoldsAreAUsageErrorAndAreNotAskedFor() async throws {
    let exchange = LocalExchange(Self.candles)
    for starts in [Self.candles[0].start...Self.candles[3].start, -1...0, 0 ... .max] as [ClosedRange<Int64>] {
      let request = KlineRequest(category: .spot, symbol: "BTCUSDT", interval: .fiveMinutes, starts: starts)
      let error = try await marketError {
        _ = try await exchange.run { try await BybitClient.local($0, pageLimit: 3).klines(request) }
      }
      #expect(error.category == .usage)
    }
    #expect(exchange.queries.isEmpty)
  }

  @Test func requestsArePaced() async throws {
    let clock = ManualClock(wallTime: 0)
    let exchange = LocalExchange(Self.candles)
    try await exchange.run { address in
      let client = try BybitClient.local(address, clock: clock) {
        $0.requestsPerSecond = 4
        $0.burst = 3
      }
      for _ in 0..<7 { _ = try await client.klines(Self.request) }
    }
    #expect(clock.sleeps == Array(repeating: .milliseconds(250), count: 4))
  }
}

extension BybitClient {
  /// A client of a local exchange whose pauses are half of their bound and take no time.
  static func local(
    _ address: String, clock: ManualClock = ManualClock(wallTime: 1_800_000_000_000), pageLimit: Int = 1_000,
    attempts: Int = 5, change: (inout Configuration) -> Void = { _ in }
  ) throws -> BybitClient {
    var configuration = Configuration()
    configuration.baseAddress = address
    configuration.pageLimit = pageLimit
    configuration.requestsPerSecond = 1_000
    configuration.burst = 1_000
    configuration.retry = RetryPolicy(attempts: attempts)
    change(&configuration)
    let logger = Logger(label: "local-exchange") { _ in SwiftLogNoOpLogHandler() }
    return try BybitClient(configuration: configuration, logger: logger, clock: clock) { 0.5 }
  }
}
