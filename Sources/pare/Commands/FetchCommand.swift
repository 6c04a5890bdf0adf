import ArgumentParser
import Foundation
import PareEvaluation
import PareMarket

struct FetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetches candles from Bybit into a store; a second run asks only for what is missing.",
    discussion: """
      Examples:
        pare fetch BTCUSDT --interval 5 --days 250
        pare fetch ETHUSDT --interval 60 --from 2024-01-01 --to 2025-01-01 --category spot
      """)

  @Argument(help: "The symbol, as Bybit spells it: BTCUSDT.")
  var symbol: String

  @Option(name: .long, help: "The candles' length: 1 3 5 15 30 60 120 240 360 720 D W.")
  var interval: CandleInterval = .fiveMinutes

  @Option(name: .long, help: "linear, inverse or spot.")
  var category: BybitCategory = .linear

  @Option(name: .long, help: "First candle: a date as 2025-01-31 or a time as 2025-01-31T08:00:00Z (UTC).")
  var from: String?

  @Option(name: .long, help: "Candles start before this; now by default.")
  var to: String?

  @Option(name: .long, help: "So many days up to --to, instead of --from.")
  var days: Int?

  @Option(name: .long, help: ArgumentHelp("The store's file.", valueName: "file"))
  var store = "candles.sqlite"

  @Option(name: .long, help: "Another address of the exchange.")
  var baseAddress: String?

  @Option(name: .long, help: ArgumentHelp("Give up after so long, pauses included.", valueName: "seconds"))
  var deadline: Double?

  @Flag(name: .long, help: "Print the summary as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  private struct Output: Encodable {
    let symbol, interval, store: String
    let inserted, changed, unchanged, requests, retries, missing: Int
  }

  func validate() throws {
    guard (from == nil) != (days == nil) else {
      throw ValidationError("expected either --from or --days, found \(from == nil ? "neither" : "both")")
    }
    guard (1...36_500).contains(days ?? 1) else { throw ValidationError("--days must be 1 to 36500, found \(days ?? 0)") }
    guard (deadline ?? 1) > 0, (deadline ?? 1) < 1e6 else { throw ValidationError("--deadline must be a positive number of seconds") }
  }

  func run() async throws {
    let end = try to.map { try UTCTime.milliseconds($0, subject: "--to") }
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let start = try from.map { try UTCTime.milliseconds($0, subject: "--from") } ?? (end ?? now) - Int64(days ?? 0) * 86_400_000
    guard start < end ?? now else {
      throw ValidationError("--from: expected a time before \(to.map { "--to, \($0)" } ?? "now"), found '\(from ?? "")'")
    }
    var request = BybitFetch(symbol: symbol, interval: interval, category: category, from: start, to: end)
    if let baseAddress { request.client.baseAddress = baseAddress }
    if let deadline { request.client.deadline = .seconds(deadline) }
    let summary = try await request.execute(
      into: try CandleStore(path: store), observer: ProgressReporter(isQuiet: quiet))
    if json {
      try JSONOutput.print(
        Output(
          symbol: summary.key.symbol, interval: summary.key.interval.rawValue, store: store,
          inserted: summary.counts.inserted, changed: summary.counts.changed, unchanged: summary.counts.unchanged,
          requests: summary.requests, retries: summary.retries, missing: summary.missing))
    } else {
      print(
        "\(summary.key): \(summary.counts.inserted) new, \(summary.counts.changed) changed, \(summary.counts.unchanged) as stored; "
          + "\(summary.missing) of the span are missing\(summary.leftOutUnfinished ? ", the newest is not finished" : ""). "
          + "\(summary.requests) requests, \(summary.retries) again.")
    }
  }
}

extension CandleInterval: ExpressibleByArgument {
  /// Either spelling: `60` or `1h`.
  public init?(argument: String) {
    self.init(spelling: argument)
  }
}
extension BybitCategory: ExpressibleByArgument {}
extension BadRowPolicy: ExpressibleByArgument {}
