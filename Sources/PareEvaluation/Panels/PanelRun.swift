import Foundation
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor

/// Runs an experiment on a panel: trains, pares and judges, with each seed, several models at a time.
///
/// What a model is does not depend on how many are made at once. Models and results are kept as they are made: a run into the same folder
/// goes on where one before it ended.
public struct PanelRun: Sendable {
  let file: PanelFile
  let directory: String
  let workers: Int
  let observer: any RunObserver

  /// - Parameter workers: models at a time.
  public init(_ file: PanelFile, directory: String, workers: Int = 2, observer: any RunObserver = SilentObserver()) {
    (self.file, self.directory, self.workers, self.observer) = (file, directory, max(workers, 1), observer)
  }

  private var experiment: PanelExperiment { file.experiment }

  public func execute() async throws -> PanelResults {
    try experiment.validate()
    let output = RunFolder(directory)
    try output.prepare(experiment.seeds.map { Self.folder($0) })
    var seeds: [PanelSeedResult] = []
    var windows: [[PanelSeedResult]] = []
    var last: PanelData?
    for seed in experiment.seeds {
      let panel = try await PanelViews(file, seed: seed, observer: observer)
      let maker = try PanelMaker(experiment, panel, seed: seed, folder: RunFolder("\(directory)/\(Self.folder(seed))"))
      seeds.append(try await execute(experiment, with: maker, "seed \(seed)", seed))
      if let walk = experiment.walkForward { windows.append(try await execute(walk, seed, on: panel)) }
      last = panel.denoised
    }
    guard let data = last else { throw EvaluationError("panel", subject: "seeds", expected: "at least one", found: "none") }
    var results = PanelResults(
      experiment: experiment, source: data.provenance, digest: data.digest.description, symbols: data.symbolCount,
      days: Dictionary(uniqueKeysWithValues: DatasetPart.allCases.map { ($0.rawValue, data.range($0).count) }),
      columns: data.columns.count, seeds: seeds,
      summary: try PanelSummary(seeds, horizon: experiment.horizon, margin: experiment.margin))
    if let walk = experiment.walkForward {
      results.walkForward = try PanelWalkForwardResult(
        windows, walk.parts(days: data.days.count, split: experiment.split, horizon: experiment.horizon), times: data.days,
        horizon: experiment.horizon, margin: experiment.margin)
    }
    try output.write(try results.json() + "\n", to: "results.json")
    return results
  }

  private static func folder(_ seed: UInt64, window: Int? = nil) -> String {
    window.map { "seed-\(seed)-window-\($0 + 1)" } ?? "seed-\(seed)"
  }

  /// Makes and judges the models of each window with one seed.
  private func execute(_ walk: PanelWalkForward, _ seed: UInt64, on panel: PanelViews) async throws -> [PanelSeedResult] {
    let parts = try walk.parts(days: panel.denoised.days.count, split: experiment.split, horizon: experiment.horizon)
    let part = experiment.inAWindow(of: walk)
    var results: [PanelSeedResult] = []
    for (index, days) in parts.enumerated() {
      let folder = RunFolder("\(directory)/\(Self.folder(seed, window: index))")
      try folder.prepare(["."])
      let words = DatasetPart.allCases.map { "\($0.rawValue) \(days[$0] ?? 0..<0)" }.joined(separator: " ")
      let maker = try PanelMaker(part, panel.with(parts: days), seed: seed, folder: folder, window: words)
      results.append(try await execute(part, with: maker, "seed \(seed), window \(index + 1) of \(parts.count)", seed))
    }
    return results
  }

  private func execute(
    _ experiment: PanelExperiment, with maker: PanelMaker, _ title: String, _ seed: UInt64
  ) async throws -> PanelSeedResult {
    let total = experiment.teacher.count + experiment.models.count + experiment.candidates.count
    observer.began(title, units: total)
    let counter = PanelProgress(observer)

    let sizes = try experiment.teacher.enumerated().map { index, architecture in
      PanelJob(name: "size-\(index)", role: .size, words: architecture.words, origin: "\(index) \(try StrictYAML.json(architecture))") {
        try maker.network(architecture, name: "size-\(index)")
      }
    }
    let models = try experiment.models.map { model in
      PanelJob(
        name: model.name, role: .model, words: model.words, origin: try StrictYAML.json(model), isDenoised: model.isDenoised
      ) { try maker.model(model) }
    }
    // The largest of the sizes take longest and come first.
    let made = try await run(sizes.reversed() + models, maker, counter)
    let chosen = PanelChoice.teacher(
      of: made.map(\.result).filter { $0.role == .size }.sorted { $0.name < $1.name }.map { ($0.name, $0.validation.metrics.ic) })
    guard var teacher = made.first(where: { $0.result.name == chosen }) else {
      throw EvaluationError(
        "panel-teacher", subject: "teacher", expected: "validation days on which scores and returns differ between symbols",
        found: "none for any size")
    }
    teacher.result.role = .teacher
    teacher.result.name = CandidateConfiguration.teacher
    var known = Dictionary(uniqueKeysWithValues: made.map { ($0.result.name, $0) })
    known[CandidateConfiguration.teacher] = teacher
    let reference = try maker.references(teacher.model)

    // A candidate may start from one above it.
    var candidates: [PanelModelResult] = []
    var left = experiment.candidates
    while !left.isEmpty {
      let ready = left.filter { known[$0.from] != nil }
      left.removeAll { known[$0.from] != nil }
      let (models, original) = (known, teacher)
      let jobs = try ready.map { candidate in
        let start = models[candidate.from] ?? original
        return PanelJob(
          name: candidate.name, role: .candidate, words: candidate.words,
          origin: "\(try StrictYAML.json(candidate)) \(start.identity) \(original.identity)"
        ) {
          try maker.candidate(candidate, from: start.model, teacher: original.model)
        }
      }
      for one in try await run(jobs, maker, counter, against: reference) {
        known[one.result.name] = one
        candidates.append(one.result)
      }
    }
    observer.ended("\(total) models")
    let order = experiment.candidates.map(\.name)
    return PanelSeedResult(
      seed: seed,
      models: [teacher.result] + order.compactMap { name in candidates.first { $0.name == name } }
        + experiment.models.compactMap { model in made.first { $0.result.name == model.name }?.result },
      sizes: made.map(\.result).filter { $0.role == .size }.sorted { $0.name < $1.name })
  }

  /// Several at a time.
  private func run(
    _ jobs: [PanelJob], _ maker: PanelMaker, _ counter: PanelProgress, against reference: PanelMaker.References? = nil
  ) async throws -> [PanelMaker.Made] {
    try await withThrowingTaskGroup(of: (Int, PanelMaker.Made).self) { group in
      var (next, found) = (0, [PanelMaker.Made?](repeating: nil, count: jobs.count))
      func begin() {
        guard next < jobs.count else { return }
        let (index, job) = (next, jobs[next])
        next += 1
        group.addTask { (index, try maker.make(job, against: reference)) }
      }
      for _ in 0..<workers { begin() }
      for try await (index, made) in group {
        found[index] = made
        counter.made(made.result)
        begin()
      }
      return found.compactMap { $0 }
    }
  }
}

/// A model to be made.
struct PanelJob: Sendable {
  var name: String
  var role: PanelModelResult.Role
  var words: String
  /// How it comes to be, in words that change with it.
  var origin: String
  var isDenoised = true
  var make: @Sendable () throws -> Model
}

/// Counts models for whoever watches.
private final class PanelProgress: @unchecked Sendable {
  // Told from the one task that gathers results.
  private var count = 0
  private let observer: any RunObserver

  init(_ observer: any RunObserver) { self.observer = observer }

  func made(_ result: PanelModelResult) {
    count += 1
    let ic = result.validation.metrics.ic.mean.map { ", validation IC \(figure($0))" } ?? ""
    observer.advanced(to: count, note: "\(result.name): \(result.words)\(ic)")
  }
}

extension CandidateConfiguration {
  /// `"distillation, quantization"`, and where it starts.
  var words: String {
    let steps = recipe.steps.map { type(of: $0).name }.joined(separator: ", ")
    return from == Self.teacher ? steps : "\(steps), from \(from)"
  }
}

extension PanelModel {
  var words: String {
    let words =
      switch kind {
      case .network(let architecture): architecture.words
      case .trees(let settings): "boosted trees of depth \(settings.depth)"
      }
    return isDenoised ? words : words + ", no wavelet"
  }
}
