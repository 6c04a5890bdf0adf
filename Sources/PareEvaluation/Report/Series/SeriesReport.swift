/// The report of an experiment on several markets or with several seeds: one HTML file that opens offline and fetches nothing, with a
/// link to the report of each case.
public struct SeriesReport: Sendable {
  private let results: SeriesResults

  public init(_ results: SeriesResults) {
    self.results = results
  }

  public func html() throws -> String {
    HTMLPage(
      title: results.experiment, sections: [.series, .seriesMarkets], data: [("results", PageData.escaped(try results.json(pretty: false)))]
    ).html
  }
}
