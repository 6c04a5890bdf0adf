import AsyncHTTPClient
import Foundation
import Logging
import NIOCore

/// Market data of Bybit over its REST interface, version 5. No key is needed.
///
/// Requests are paced, and sent again on network faults, HTTP 429 and 5xx and the codes that the exchange calls
/// temporary. After HTTP 403 "access too frequent" nothing is sent for ten minutes: calls fail, or wait where
/// `Configuration.waitsOutSilence` says so.
public actor BybitClient {
  public struct Configuration: Sendable {
    /// Scheme and host, optionally a port and a path before `/v5`.
    public var baseAddress = "https://api.bybit.com"
    /// Requests per second over time, and at once. The exchange cuts an address off above 600 in 5 seconds.
    public var requestsPerSecond = 20.0
    public var burst = 20
    /// For one request, answer included.
    public var requestTimeout: Duration = .seconds(20)
    /// For one call of `klines` or `fetch`, pauses included; nil for no bound.
    public var deadline: Duration?
    public var retry = RetryPolicy()
    /// Whether to wait out the ten minutes after "access too frequent" instead of failing.
    public var waitsOutSilence = false
    /// Candles per request, 1 to 1000.
    public var pageLimit = 1000

    public init() {}
  }

  nonisolated let configuration: Configuration
  nonisolated let clock: any ServiceClock
  nonisolated private let http: HTTPClient
  nonisolated private let logger: Logger
  nonisolated private let random: @Sendable () -> Double
  private var bucket: TokenBucket
  /// By the clock's `elapsed`, when requests may be sent again.
  private var silentUntil: Duration = .zero

  /// - Throws: `.usage` for a base address that is no HTTP address, or a bound that is not positive.
  public init(configuration: Configuration = Configuration(), logger: Logger = Logger(label: "pare.bybit")) throws {
    try self.init(configuration: configuration, logger: logger, clock: SystemServiceClock()) {
      Double.random(in: 0..<1)
    }
  }

  /// - Parameter random: uniform over 0 ..< 1, for the pauses.
  package init(
    configuration: Configuration, logger: Logger, clock: any ServiceClock, random: @escaping @Sendable () -> Double
  ) throws {
    try configuration.validate()
    self.configuration = configuration
    self.logger = logger
    self.clock = clock
    self.random = random
    bucket = TokenBucket(perSecond: configuration.requestsPerSecond, burst: configuration.burst, now: clock.elapsed)
    var transport = HTTPClient.Configuration()
    transport.timeout.connect = .seconds(10)
    transport.connectionPool.retryConnectionEstablishment = false  // this client counts its attempts itself
    http = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: transport)
  }

  deinit {
    http.shutdown { _ in }
  }

  /// The finished candles of at most `pageLimit` starts, in one request.
  ///
  /// - Throws: `.usage` for a symbol or span that the exchange refuses; `.serviceUnavailable` where it cannot be
  ///   reached or refuses; `.badData` for an answer in another format; `CancellationError`.
  public func klines(_ request: KlineRequest) async throws -> KlinePage {
    var call = Call(deadline: configuration.deadline.map { clock.elapsed + $0 })
    return try await klines(request, call: &call)
  }

  /// One call of the client's user: what it may take, and what it took.
  struct Call {
    let deadline: Duration?
    var onPause: @Sendable (_ pause: Duration, _ reason: String) -> Void = { _, _ in }
    var requests = 0
    var retries = 0
  }

  func klines(_ request: KlineRequest, call: inout Call) async throws -> KlinePage {
    try request.validate(limit: configuration.pageLimit)
    let url = configuration.baseAddress + request.target(limit: configuration.pageLimit)
    let body = try await body(at: url, call: &call)
    return try KlinePage(body: body, request: request, subject: url)
  }

  /// Asks until there is an answer that is a success, or it is clear that there will be none.
  private func body(at url: String, call: inout Call) async throws -> ByteBuffer {
    var attempt = 0
    while true {
      attempt += 1
      try await waitOutSilence(url, call: &call)
      try await pause(bucket.take(at: clock.elapsed), url, call: call)
      call.requests += 1
      let (verdict, body) = try await ask(url, call: call)
      switch verdict {
      case .success: return body
      case .failure(let error): throw error
      case .silenced:
        silentUntil = clock.elapsed + .seconds(600)
        guard attempt < configuration.retry.attempts else { throw MarketError.silenced(url, for: .seconds(600)) }
      case .retry(let reason, let resetsIn):
        guard attempt < configuration.retry.attempts else {
          throw MarketError.service(url, "no answer in \(attempt) attempts, the last: \(reason)")
        }
        call.retries += 1
        let jitter = configuration.retry.pause(afterAttempt: resetsIn == nil ? attempt : 1, fraction: random())
        let wait = min(resetsIn ?? .zero, configuration.retry.cap) + jitter
        logger.info("asking again", metadata: ["reason": "\(reason)", "pause": "\(wait)", "attempt": "\(attempt)"])
        call.onPause(wait, reason)
        try await pause(wait, url, call: call)
      }
    }
  }

  /// Sends one request.
  ///
  /// - Throws: `CancellationError` only; what goes wrong on the way is a verdict.
  private func ask(_ url: String, call: Call) async throws -> (BybitVerdict, ByteBuffer) {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Accept", value: "application/json")
    request.headers.add(name: "User-Agent", value: "pare")
    let remaining = call.deadline.map { max($0 - clock.elapsed, .milliseconds(1)) } ?? configuration.requestTimeout
    do {
      let response = try await http.execute(
        request, timeout: TimeAmount(min(remaining, configuration.requestTimeout)), logger: logger)
      let body = try await response.body.collect(upTo: 8 << 20)
      let verdict = BybitVerdict(
        status: Int(response.status.code), body: body, header: { response.headers.first(name: $0) },
        wallTime: clock.wallTime, subject: url)
      return (verdict, body)
    } catch is NIOTooManyBytesError {
      let error = MarketError("answer", subject: url, expected: "at most 8 MiB", found: "a longer answer")
      return (.failure(error), ByteBuffer())
    } catch {
      try Task.checkCancellation()
      return (.retry(reason: String("\(error)".prefix(200)), resetsIn: nil), ByteBuffer())
    }
  }

  private func waitOutSilence(_ url: String, call: inout Call) async throws {
    let rest = silentUntil - clock.elapsed
    guard rest > .zero else { return }
    guard configuration.waitsOutSilence else {
      throw MarketError.silenced(url, for: rest)
    }
    logger.notice("access too frequent: silent for \(rest)")
    call.onPause(rest, "access too frequent")
    call.retries += 1
    try await pause(rest, url, call: call)
  }

  /// Sleeps, unless the deadline would pass meanwhile.
  private func pause(_ duration: Duration, _ url: String, call: Call) async throws {
    try Task.checkCancellation()
    if let deadline = call.deadline, clock.elapsed + duration >= deadline {
      throw MarketError.service(url, "not done within the deadline of \(configuration.deadline ?? .zero)")
    }
    if duration > .zero { try await clock.sleep(for: duration) }
  }
}

extension MarketError {
  fileprivate static func silenced(_ url: String, for rest: Duration) -> MarketError {
    let minutes = Int((rest / .seconds(60)).rounded(.up))
    return MarketError(
      "access-too-frequent", subject: url,
      found: "the exchange says 'access too frequent' (HTTP 403): send nothing for at least \(minutes) minutes",
      category: .serviceUnavailable)
  }
}

extension BybitClient.Configuration {
  fileprivate func validate() throws {
    func refuse(_ key: String, _ expected: String, _ found: String) -> MarketError {
      MarketError("configuration", subject: key, expected: expected, found: found, category: .usage)
    }
    let url = URLComponents(string: baseAddress)
    guard let url, ["http", "https"].contains(url.scheme), url.host?.isEmpty == false, url.query == nil,
      !baseAddress.hasSuffix("/")
    else {
      throw refuse("baseAddress", "an address as https://api.bybit.com", "'\(baseAddress)'")
    }
    guard requestsPerSecond > 0, requestsPerSecond.isFinite else {
      throw refuse("requestsPerSecond", "a positive number", "\(requestsPerSecond)")
    }
    guard burst > 0 else { throw refuse("burst", "at least 1", "\(burst)") }
    guard (1...1000).contains(pageLimit) else { throw refuse("pageLimit", "1 to 1000", "\(pageLimit)") }
    guard requestTimeout > .zero else { throw refuse("requestTimeout", "a positive time", "\(requestTimeout)") }
  }
}
