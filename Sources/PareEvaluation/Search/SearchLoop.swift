import PareCompression
import PareTensor

/// Goes through a search's trials, generation by generation, several at a time, and stores each as it ends.
///
/// Trials that are stored already are taken as they are, so that a search which was killed goes on with those that are missing. What
/// each generation holds depends on the generations before it alone (``Proposer``).
package struct SearchLoop: Sendable {
  private let search: Search
  private let store: SearchStore
  private let evaluator: any TrialEvaluator
  private let workers: Int
  private let observer: any SearchObserver
  private let stop: SearchStop

  package init(
    _ search: Search, store: SearchStore, evaluator: any TrialEvaluator, workers: Int, observer: any SearchObserver, stop: SearchStop
  ) {
    (self.search, self.store, self.evaluator) = (search, store, evaluator)
    (self.workers, self.observer, self.stop) = (workers, observer, stop)
  }

  /// - Parameters:
  ///   - teacher: trial 0.
  ///   - planned: how many recipes are tried, unless the space has fewer.
  /// - Returns: every trial that is stored, the teacher first.
  /// - Throws: `evaluation.search-changed` where the stored trials are not those that this program proposes; what storing meets.
  package func run(teacher: SearchTrial, planned: Int) async throws -> [SearchTrial] {
    var trials = Dictionary(uniqueKeysWithValues: try store.trials().map { ($0.ordinal, $0) })
    trials[0] = teacher
    let proposer = search.method.proposer(search.space, seed: search.seed)
    let left = planned - (1...planned).count { trials[$0] != nil }
    observer.began("search", units: left)
    var progress = Progress(frontier: JudgedFrontier(search.objectives, trials.values), planned: planned)
    var first = 1
    while first <= planned, !stop.wasRequested {
      let size = proposer.generation ?? planned
      let before = (1..<first).compactMap { trials[$0] }
      let points = proposer.propose(size, after: before.map { observation($0, teacher: teacher) }, tried: before.compactMap(\.point))
      let proposed = zip(first...planned, points).map { (ordinal: $0, point: $1) }
      guard !proposed.isEmpty || first > 1 else {
        throw EvaluationError(
          "space", subject: "space", expected: "a combination whose steps go together", found: "none among \(search.space.count)")
      }
      for (ordinal, point) in proposed {
        if let stored = trials[ordinal], stored.point != point { throw changed(stored, point) }
      }
      try await run(proposed.filter { trials[$0.ordinal] == nil }, into: &trials, &progress)
      // The space has no more.
      if points.count < size { break }
      first += size
    }
    observer.ended("\(trials.count - 1) of \(planned) trials, \(progress.frontier.count) on the frontier")
    return trials.values.sorted { $0.ordinal < $1.ordinal }
  }

  private struct Progress {
    var frontier: JudgedFrontier
    let planned: Int
    /// Trials of this session.
    var ended = 0
  }

  /// Runs trials, at most so many at a time as there are workers.
  private func run(
    _ proposed: [(ordinal: Int, point: Int)], into trials: inout [Int: SearchTrial], _ progress: inout Progress
  ) async throws {
    try await withThrowingTaskGroup(of: SearchTrial.self) { group in
      var waiting = proposed.makeIterator()
      func add() {
        guard !stop.wasRequested, let (ordinal, point) = waiting.next() else { return }
        group.addTask { try await trial(ordinal, at: point) }
      }
      for _ in 0..<workers { add() }
      while let trial = try await group.next() {
        try store.record(trial)
        trials[trial.ordinal] = trial
        progress.ended += 1
        let joins = progress.frontier.add(trial)
        observer.recorded(
          SearchProgress(
            trial: trial, joinsFrontier: joins, figures: JudgedTrial(trial).map { model in
              search.objectives.map { ($0.rawValue, $0.value(of: model) ?? .nan) }
            } ?? []))
        observer.advanced(
          to: progress.ended, note: "\(trials.count - 1) of \(progress.planned) trials, \(progress.frontier.count) on the frontier")
        add()
      }
    }
  }

  /// What a technique throws is a result; what hinders every trial ends the search.
  private func trial(_ ordinal: Int, at point: Int) async throws -> SearchTrial {
    let name = SearchTrial.name(of: ordinal)
    let recipe = try search.space.recipe(at: point, name: name)
    var trial = SearchTrial(ordinal: ordinal, point: point, made: search.space.words(at: point), recipe: try recipe.json())
    let start = ContinuousClock.now
    do {
      let evaluated = try await evaluator.evaluate(recipe, name: name)
      (trial.figures, trial.artifact) = (evaluated.figures, evaluated.artifact)
    } catch let error as any PareError where error.category != .cannotCreate {
      trial.error = error.description
    }
    trial.seconds = (ContinuousClock.now - start) / .seconds(1)
    return trial
  }

  private func observation(_ trial: SearchTrial, teacher: SearchTrial) -> Observation {
    let violation = trial.figures.flatMap { figures in teacher.figures.flatMap { search.budget.violation(of: figures, teacher: $0) } }
    return Observation(
      choices: trial.point.map(search.space.choices(at:)) ?? [], costs: JudgedTrial(trial)?.costs(search.objectives),
      isWithinBudget: violation == nil)
  }

  private func changed(_ stored: SearchTrial, _ point: Int) -> EvaluationError {
    EvaluationError(
      "search-changed", subject: store.path,
      expected: "trial \(stored.ordinal) as this version proposes it, '\(search.space.words(at: point))', or --restart, which begins anew",
      found: "'\(stored.made)'")
  }
}

/// The costs of the trials that nothing dominates, as trials come in.
struct JudgedFrontier {
  private let objectives: [Objective]
  private var points: [[Double]] = []

  init(_ objectives: [Objective], _ trials: some Sequence<SearchTrial>) {
    self.objectives = objectives
    for trial in trials { _ = add(trial) }
  }

  var count: Int { points.count }

  /// - Returns: whether the trial is on the frontier.
  mutating func add(_ trial: SearchTrial) -> Bool {
    guard let costs = JudgedTrial(trial)?.costs(objectives), !points.contains(where: { Dominance.dominates($0, costs) }) else {
      return false
    }
    points.removeAll { Dominance.dominates(costs, $0) }
    points.append(costs)
    return true
  }
}
