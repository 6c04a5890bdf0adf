import PareBacktest
import PareGraph
import PareMarket

/// Runs an experiment in every window of its walk.
struct WalkForwardRun: Sendable {
  let experiment: Experiment
  let walk: WalkForward
  let source: MarketSource
  let tables: ExperimentTables
  let output: RunFolder
  let observer: any RunObserver
  var teachers: TeacherStore?
  var resolve: @Sendable (String) -> String = { $0 }

  /// Artifacts go to `windows/1`, `windows/2`, and so on.
  static func folders(of walk: WalkForward) -> [String] {
    ["windows"] + (1...walk.windows).map { "windows/\($0)" }
  }

  /// - Parameter own: the user's model, which is pared down in every window and trained in none.
  func execute(own: Model?) throws -> WalkForwardResult {
    let times = source.times
    let windows = try walk.windows(candles: times.count, split: experiment.split)
    var results: [WalkForwardResult.Window] = []
    var days: [(name: String, days: [DailyReturn])] = []
    for (index, window) in windows.enumerated() {
      var part = experiment
      part.split = window.split
      let data = try ExperimentData(
        source.sliced(times[window.candles.lowerBound]..<(window.candles.upperBound < times.count ? times[window.candles.upperBound] : .max)),
        experiment: part, tables: tables,
        inputName: own?.graph.inputs.first?.name ?? "features")
      let outcome = try ExperimentPass(
        experiment: part, data: data, output: output, folder: "windows/\(index + 1)", latencies: nil,
        observer: WindowObserver(observer: observer, label: "window \(index + 1) of \(windows.count)"),
        teachers: teachers, resolve: resolve, isStressed: false
      ).execute(own: own)
      results.append(
        WalkForwardResult.Window(
          first: data.summary.test.first, last: data.summary.test.last, trainingRows: data.summary.train.rows,
          chosen: outcome.decision.chosen, reason: outcome.decision.reason,
          candidates: outcome.candidates.map {
            WalkForwardResult.Candidate(
              name: $0.name, bytes: $0.bytes, withinBudget: $0.withinBudget, validation: $0.validation, test: $0.test)
          }))
      for candidate in outcome.candidates {
        let own = candidate.evidence?.test.days.returns ?? []
        if let place = days.firstIndex(where: { $0.name == candidate.name }) {
          days[place].days += own
        } else {
          days.append((candidate.name, own))
        }
      }
    }
    let choice = experiment.execution
    return try WalkForwardResult(
      kind: walk.kind, windows: results, days: days, execution: Execution(sizing: choice.sizing, calendar: choice.calendar),
      margin: experiment.margin)
  }
}

/// Says which window a stage belongs to.
private struct WindowObserver: RunObserver {
  let observer: any RunObserver
  let label: String

  func began(_ stage: String, units: Int) { observer.began("\(label): \(stage)", units: units) }
  func advanced(to unit: Int, note: String) { observer.advanced(to: unit, note: note) }
  func ended(_ note: String) { observer.ended(note) }
}
