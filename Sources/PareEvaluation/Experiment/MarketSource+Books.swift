import Foundation
import PareMarket
import PareTensor

extension MarketSource {
  /// Books of a file as candles of their mid, of which nobody knows the truth.
  static func books(_ path: String, symbol: String, _ file: ExperimentFile, _ observer: any RunObserver) throws -> MarketSource {
    observer.began("read order books", units: 0)
    let books = try BookCSV.read(path: file.resolved(path))
    let minute = SimulatedBookSource.interval.milliseconds ?? 1
    let series = books.candles(
      SeriesKey(symbol: symbol, interval: SimulatedBookSource.interval), start: (books.times.first ?? 0) / 1_000 / minute * minute)
    observer.ended("\(books.count) snapshots of \(books.levels) levels")
    return MarketSource(
      series: [series], provenance: "file \(URL(fileURLWithPath: path).lastPathComponent), time counted in snapshots", truths: [nil],
      summary: [], books: books)
  }

  /// Books of the simulator as candles of their mid, with the truth about the label.
  static func simulatedBooks(
    _ source: SimulatedBookSource, _ file: ExperimentFile, _ observer: any RunObserver
  ) throws -> MarketSource {
    observer.began("simulate order books", units: 0)
    let (symbol, seed) = (SimulatedBookSource.symbol, file.experiment.seed)
    let books = try source.simulation.run(seed: seed)
    let truth = try books.truth(of: file.experiment.label, symbol: symbol)
    let series = books.snapshots.candles(
      SeriesKey(symbol: symbol, interval: SimulatedBookSource.interval), start: MarketSimulation().start)
    observer.ended("\(books.snapshots.count) snapshots of \(source.simulation.levels) levels")
    return MarketSource(
      series: [series], provenance: "simulated order books, seed \(seed)", truths: [truth], summary: summary(of: source.simulation),
      books: books.snapshots)
  }

  /// What the books are made of, a figure a line.
  private static func summary(of book: PressureBookSimulation) -> [String] {
    [
      "\(book.snapshots) snapshots of \(book.levels) levels, \(book.states) levels of pressure, which stays with chance \(book.stay)",
      "at full pressure ln quantity moves by \(book.reading), against a noise of \(book.noise) a level",
      "the mid moves with chance \(book.move), at full pressure by \(book.lean) to its side",
    ]
  }

  /// Half the spread that an order meets in each candle, as a multiple of what the costs say; nil for candles without books, and
  /// where the costs know no spread.
  ///
  /// An order of a candle is filled at its open, which is the mid of the snapshot before.
  ///
  /// - Parameter halfSpread: of the costs, in basis points.
  func spreadMultiples(halfSpread: Double) -> [[Double]]? {
    guard let books, halfSpread > 0 else { return nil }
    return [(0..<books.count).map { books.spread(at: max($0 - 1, 0)) / 2 / halfSpread }]
  }
}
