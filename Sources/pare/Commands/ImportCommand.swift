import ArgumentParser
import PareEvaluation
import PareMarket

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Imports candle files (CSV or CSV.gz) into a store.",
    discussion: """
      Columns: start_ms,open,high,low,close,volume,turnover; turnover may be missing, header and delimiter may vary.

      Examples:
        pare import BTCUSDT-5m.csv.gz --symbol BTCUSDT --interval 5
        pare import old.csv --symbol ETHUSDT --bad-rows skip --store candles.sqlite
      """)

  @Argument(help: "The file.")
  var file: String

  @Option(name: .long, help: "The symbol that the candles are of.")
  var symbol: String

  @Option(name: .long, help: "The candles' length; taken from the file by default.")
  var interval: CandleInterval?

  @Option(name: .long, help: "The venue, kept with the series.")
  var venue = ""

  @Option(name: .long, help: "refuse the file at a bad row, or skip such rows and report them.")
  var badRows: BadRowPolicy = .refuse

  @Option(name: .long, help: ArgumentHelp("The store's file.", valueName: "file"))
  var store = "candles.sqlite"

  @Flag(name: .long, help: "Print the summary as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  private struct Output: Encodable {
    let symbol, interval, store: String
    let rows, accepted: Int
    let badRows: [String]
    let duplicates, outOfOrder, missing, gaps, inserted, changed, unchanged: Int
  }

  func validate() throws {
    guard !symbol.isEmpty else { throw ValidationError("--symbol: expected a name as BTCUSDT, found ''") }
  }

  func run() throws {
    let observer = ProgressReporter(isQuiet: quiet)
    observer.began("import \(symbol)", units: 1000)
    let summary = try CandleStore(path: store).importCSV(
      path: file, symbol: symbol, interval: interval, venue: venue, policy: badRows
    ) { done, total in
      observer.advanced(to: total > 0 ? 1000 * done / total : 1000, note: "\(done) of \(total) candles")
    }
    observer.ended("\(summary.counts.inserted) new candles")
    let report = summary.report
    if json {
      try JSONOutput.print(
        Output(
          symbol: summary.key.symbol, interval: report.interval.rawValue, store: store, rows: report.rows,
          accepted: report.accepted, badRows: report.badRows.map { $0.description },
          duplicates: report.identicalDuplicates, outOfOrder: report.outOfOrder, missing: report.missing,
          gaps: report.gaps.count, inserted: summary.counts.inserted, changed: summary.counts.changed,
          unchanged: summary.counts.unchanged))
      return
    }
    print(
      "\(summary.key): \(report.rows) rows, \(report.accepted) candles (\(summary.counts.inserted) new, "
        + "\(summary.counts.changed) changed, \(summary.counts.unchanged) as stored), \(report.missing) missing in \(report.gaps.count) gaps.")
    if report.identicalDuplicates > 0 { print("\(report.identicalDuplicates) rows repeat an earlier one and were left out.") }
    if report.outOfOrder > 0 { print("\(report.outOfOrder) rows were out of order and were sorted.") }
    for row in report.badRows.prefix(10) { print("left out: \(file): \(row)") }
    if report.badRows.count > 10 { print("left out: \(report.badRows.count - 10) more bad rows") }
  }
}
