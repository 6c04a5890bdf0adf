import Foundation
import PareBacktest
import PareMarket
import Testing

/// What orders cost by latency and size on recorded books: every file of the folder `PARE_BOOK_REPORT` that ends in
/// `.csv.gz` or `.csv`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PARE_BOOK_REPORT"] != nil, "a report, not a test"))
struct BookReport {
  /// At every snapshot, the side whose best level holds more: bought where the bid does.
  private func leaning(_ book: BookSnapshots) -> [(time: Int64, side: Int8)] {
    (0..<book.count).map { snapshot in
      let best = snapshot * book.levels
      return (book.times[snapshot], book.bidQuantities[best] >= book.askQuantities[best] ? 1 : -1)
    }
  }

  /// Half of the best levels, of both sides, hold less.
  private func medianBest(_ book: BookSnapshots) -> Double {
    let best = (0..<book.count).flatMap { [book.bidQuantities[$0 * book.levels], book.askQuantities[$0 * book.levels]] }
    return best.sorted()[best.count / 2]
  }

  @Test func costsByLatencyAndSize() throws {
    let folder = ProcessInfo.processInfo.environment["PARE_BOOK_REPORT"] ?? ""
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where name.contains(".csv") {
      let began = ContinuousClock.now
      let book = try BookCSV.read(path: folder + "/" + name)
      let read = ContinuousClock.now - began
      let median = medianBest(book)
      print("\(name): \(book.count) snapshots, median best quantity \(median), read in \(read)")
      // Short recordings leave no room for the longest markout.
      let study = try BookStudy(book, markouts: Array(BookStudy.standardMarkouts.prefix(3)))
      for (sides, decisions) in [("drawn", drawnDecisions(book, every: 1, seed: 1)), ("leaning", leaning(book))] {
        for row in try study.rows(decisions: decisions, quantities: [0.1, 1, 10, 100].map { $0 * median }) {
          print(
            String(
              format: "  %@ x%5.1f  %8lld us  n %6d  cost %7.3f (sd %6.3f) = drift %7.3f + half spread %6.3f + depth %6.3f  "
                + "filled %5.1f %%  after 10 ms, 100 ms, 1 s: %@",
              sides, row.quantity / median, row.latency, row.orders, row.cost, row.costDeviation, row.drift, row.halfSpread,
              row.depth, row.filledShare * 100, row.markouts.map { String(format: "%.3f", $0) }.joined(separator: " ")))
        }
      }
    }
  }
}
