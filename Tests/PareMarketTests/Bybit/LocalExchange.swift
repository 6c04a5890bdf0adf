import Foundation
import Hummingbird
import Logging
import NIOCore
import PareMarket
import Synchronization

/// An HTTP server on loopback that answers `GET /v5/market/kline` in the exchange's format.
final class LocalExchange: Sendable {
  /// One request as it came in.
  struct Query: Sendable, Hashable {
    var path = ""
    var category = ""
    var symbol = ""
    var interval = ""
    var start: Int64 = -1
    var end: Int64 = -1
    var limit = -1
  }

  struct Reply: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body: String
    /// Whether the connection is cut after half of the body.
    var isCut = false
  }

  /// What the exchange has, by start, as it would write it.
  let rows: [Int64: [String]]
  let serverTime: Int64
  private let seen = Mutex<[Query]>([])
  /// Answers the request with this number, from 0; nil for what an exchange in order would say.
  private let fault: @Sendable (Int, Query) -> Reply?

  init(
    _ candles: [Candle], serverTime: Int64 = .max / 2,
    fault: @escaping @Sendable (Int, Query) -> Reply? = { _, _ in nil }
  ) {
    rows = Dictionary(uniqueKeysWithValues: candles.map { ($0.start, Self.row($0)) })
    self.serverTime = serverTime
    self.fault = fault
  }

  var queries: [Query] { seen.withLock { $0 } }

  /// Runs the server while `body` runs with its address.
  func run<Value: Sendable>(_ body: (_ address: String) async throws -> Value) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "local-exchange")
    logger.logLevel = .critical
    let responder = CallbackResponder<BasicRequestContext> { request, _ in self.response(to: request) }
    let application = Application(
      responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in
        port.yield(channel.localAddress?.port ?? 0)
        port.finish()
      }, logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { port.finish() }
        try await application.run()
      }
      defer { group.cancelAll() }
      for await port in ports { return try await body("http://127.0.0.1:\(port)") }
      try await group.waitForAll()
      throw NothingWasThrown()
    }
  }

  private func response(to request: Request) -> Response {
    let parameters = request.uri.queryParameters
    let query = Query(
      path: request.uri.path, category: String(parameters["category"] ?? ""),
      symbol: String(parameters["symbol"] ?? ""),
      interval: String(parameters["interval"] ?? ""), start: parameters["start"].flatMap { Int64($0) } ?? -1,
      end: parameters["end"].flatMap { Int64($0) } ?? -1, limit: parameters["limit"].flatMap { Int($0) } ?? -1)
    let number = seen.withLock { seen in
      seen.append(query)
      return seen.count - 1
    }
    let reply = fault(number, query) ?? page(query)
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    for (name, value) in reply.headers {
      if let name = HTTPFields.Element.Name(name) { headers[name] = value }
    }
    let bytes = ByteBuffer(string: reply.body)
    guard reply.isCut else {
      return Response(
        status: .init(code: reply.status), headers: headers, body: ResponseBody(byteBuffer: bytes))
    }
    let body = ResponseBody(contentLength: bytes.readableBytes) { writer in
      try await writer.write(ByteBuffer(bytes.readableBytesView.prefix(bytes.readableBytes / 2)))
      throw CancellationError()
    }
    return Response(status: .init(code: reply.status), headers: headers, body: body)
  }

  /// At most `limit` candles of the span, the newest of them first, as the exchange sends them.
  func page(_ query: Query) -> Reply {
    let starts = rows.keys.filter { (query.start...max(query.start, query.end)).contains($0) }.sorted(by: >)
    let list = starts.prefix(max(query.limit, 0)).compactMap { rows[$0] }
    return Reply(body: Self.success(list, symbol: query.symbol, time: serverTime))
  }

  static func success(_ list: [[String]], symbol: String = "BTCUSDT", time: Int64 = .max / 2) -> String {
    let rows = list.map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }.joined(separator: ",")
    return """
      {"retCode":0,"retMsg":"OK","result":{"symbol":"\(symbol)","category":"linear","list":[\(rows)]},\
      "retExtInfo":{},"time":\(time)}
      """
  }

  static func refusal(_ code: Int, _ message: String, time: Int64 = 0) -> String {
    #"{"retCode":\#(code),"retMsg":"\#(message)","result":{},"retExtInfo":{},"time":\#(time)}"#
  }

  /// The seven strings of a candle; whole numbers without a point.
  static func row(_ candle: Candle) -> [String] {
    let values = [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.turnover ?? 0]
    return ["\(candle.start)"] + values.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
  }
}

/// A clock that nothing has to wait for: sleeping moves it on.
final class ManualClock: ServiceClock {
  private struct State {
    var elapsed: Duration = .zero
    var sleeps: [Duration] = []
  }

  private let state = Mutex(State())
  private let start: Int64

  /// - Parameter wallTime: Unix milliseconds at the beginning.
  init(wallTime: Int64) { start = wallTime }

  var elapsed: Duration { state.withLock { $0.elapsed } }
  var wallTime: Int64 { start + Int64(elapsed / .milliseconds(1)) }
  /// Every sleep so far.
  var sleeps: [Duration] { state.withLock { $0.sleeps } }

  func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    state.withLock {
      $0.elapsed += duration
      $0.sleeps.append(duration)
    }
  }

  func advance(by duration: Duration) { state.withLock { $0.elapsed += duration } }
}
