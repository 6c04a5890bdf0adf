import PareTensor

/// Runs an experiment on each of its markets with each of its seeds, several at a time, and pools the seeds of a market.
///
/// What a case finds does not depend on how many run at once, apart from its latencies.
public struct SeriesRun: Sendable {
  private let file: ExperimentFile
  private let directory: String
  private let workers: Int
  private let observer: any RunObserver

  /// - Parameters:
  ///   - directory: where the results of the whole go, and a folder for each case.
  ///   - workers: cases at a time.
  public init(_ file: ExperimentFile, directory: String, workers: Int = 2, observer: any RunObserver = SilentObserver()) {
    self.file = file
    self.directory = directory
    self.workers = max(workers, 1)
    self.observer = observer
  }

  /// - Returns: the whole, and the results of each case.
  /// - Throws: what the first case to fail throws, with the case's name; those that ended have written their folders.
  public func execute() async throws -> (series: SeriesResults, cases: [(folder: String, results: Results)]) {
    let cases = file.experiment.cases
    for one in cases { try one.experiment.validate() }
    let output = RunFolder(directory)
    try output.prepare(cases.map(\.name))
    observer.began("\(cases.count) cases", units: cases.count)
    var results = [Results?](repeating: nil, count: cases.count)
    try await withThrowingTaskGroup(of: (Int, Results).self) { group in
      var next = 0
      func begin() {
        guard next < cases.count else { return }
        let (index, one) = (next, cases[next])
        next += 1
        let (file, directory) = (file, directory)
        group.addTask {
          let run = ExperimentRun(
            ExperimentFile(experiment: one.experiment, directory: file.directory), directory: "\(directory)/\(one.name)")
          do {
            return (index, try await run.execute())
          } catch let error as any PareError {
            throw EvaluationError("case", subject: one.name, found: error.description, category: error.category)
          }
        }
      }
      for _ in 0..<workers { begin() }
      for try await (index, found) in group {
        results[index] = found
        observer.advanced(
          to: results.count { $0 != nil }, note: "\(cases[index].name): \(found.chosen ?? "nothing within the budget")")
        begin()
      }
    }
    observer.ended("\(cases.count) cases")
    let found = zip(cases, results).compactMap { one, results in results.map { (one: one, results: $0) } }
    let series = try SeriesResults(file.experiment, results: found)
    try output.write(try series.json() + "\n", to: "results.json")
    try output.write(try SeriesReport(series).html(), to: "report.html")
    try output.write(SeriesSummary(series).markdown(), to: RunSummary.file)
    return (series, found.map { ("\(directory)/\($0.one.name)", $0.results) })
  }
}
