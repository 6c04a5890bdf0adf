import Foundation
import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor

/// The panel of an experiment, with the noise taken out and without, by the same days and rows.
package struct PanelViews: Sendable {
  package let denoised: PanelData
  package let plain: PanelData

  package init(_ file: PanelFile, seed: UInt64, observer: any RunObserver) async throws {
    let experiment = file.experiment
    let source = try await Self.source(file, seed: seed, observer: observer)
    observer.began("features", units: 0)
    let groups = try experiment.groups.map { try Self.groups($0, of: source.series.map(\.key.symbol), file) }
    let rows = try PanelData.dataset(source, experiment, isDenoised: true)
    denoised = try PanelData(rows, of: source, experiment: experiment, groups: groups)
    if experiment.features.denoising == nil || experiment.models.allSatisfy(\.isDenoised) {
      plain = denoised
    } else {
      let others = try PanelData.dataset(source, experiment, isDenoised: false)
      // What is seen with the noise taken out begins later.
      let common = try others.keeping(rows.places(of: others).map { $0 >= 0 })
      plain = try PanelData(common, of: source, experiment: experiment, groups: groups, besides: denoised)
    }
    observer.ended("\(denoised.symbolCount) symbols, \(denoised.days.count) days, \(denoised.columns.count) features")
  }

  private init(denoised: PanelData, plain: PanelData) {
    (self.denoised, self.plain) = (denoised, plain)
  }

  /// The same days in other parts.
  func with(parts: [DatasetPart: Range<Int>]) -> PanelViews {
    PanelViews(denoised: denoised.with(parts: parts), plain: plain.with(parts: parts))
  }

  private static func source(_ file: PanelFile, seed: UInt64, observer: any RunObserver) async throws -> MarketSource {
    if case .simulatedPanel(let simulation) = file.experiment.data {
      observer.began("simulate market", units: 0)
      let market = try simulation.run(seed: seed)
      observer.ended("\(simulation.candles) candles of \(market.series.count) symbols")
      return MarketSource(
        series: market.series, provenance: "simulated market of \(market.series.count) symbols, seed \(seed)",
        truths: market.series.map { _ in nil }, summary: [])
    }
    return try await MarketSource.load(
      ExperimentFile(experiment: Experiment(name: file.experiment.name, data: file.experiment.data), directory: file.directory),
      observer: observer)
  }

  private static func groups(_ groups: PanelGroups, of symbols: [String], _ file: PanelFile) throws -> SymbolMemberships {
    let read = try SymbolGroups.read(path: file.resolved(groups.file), column: groups.column, policy: .skip)
    guard symbols.contains(where: { read.groups[$0] != nil }) else {
      throw EvaluationError("panel-groups", subject: groups.file, expected: "groups of the panel's symbols", found: "none of them")
    }
    return SymbolMemberships(groups: symbols.map { read.groups[$0] ?? [] }, groupCount: read.names.count)
  }
}

/// Makes the models of one seed, or takes those that an earlier run made.
struct PanelMaker: Sendable {
  private let experiment: PanelExperiment
  private let panel: PanelViews
  private let seed: UInt64
  private let store: PanelStore

  struct Made: Sendable {
    var model: Model
    var result: PanelModelResult
    /// Of all that it depends on.
    var identity: String
  }

  /// What a teacher says.
  struct References: Sendable {
    var validation: PanelScores
    var test: PanelScores
  }

  /// - Parameter window: words for the days of a window; nil for the experiment's own split.
  init(_ experiment: PanelExperiment, _ panel: PanelViews, seed: UInt64, folder: RunFolder, window: String? = nil) throws {
    (self.experiment, self.panel, self.seed) = (experiment, panel, seed)
    var shared = experiment
    (shared.teacher, shared.models, shared.candidates, shared.seeds, shared.walkForward) = ([], [], [], [seed], nil)
    let circumstances = "\(PareVersion.current) \(panel.denoised.digest) \(try StrictYAML.json(shared))"
    store = PanelStore(folder: folder, circumstances: circumstances + (window.map { " \($0)" } ?? ""))
  }

  private func training(_ isDenoised: Bool = true) -> PanelTraining {
    PanelTraining(experiment: experiment, data: isDenoised ? panel.denoised : panel.plain, seed: seed)
  }

  func network(_ architecture: PanelArchitecture, name: String) throws -> Model { try training().network(architecture, name: name) }

  func model(_ model: PanelModel) throws -> Model {
    let training = training(model.isDenoised)
    return switch model.kind {
    case .network(let architecture): try training.network(architecture, name: model.name)
    case .trees(let settings): try training.trees(settings, name: model.name)
    }
  }

  func candidate(_ candidate: CandidateConfiguration, from model: Model, teacher: Model) throws -> Model {
    let context = try training().context(candidate.name, teacher: teacher) { _ in }
    return try candidate.recipe.apply(to: model, in: context).model
  }

  func references(_ teacher: Model) throws -> References {
    let judge = PanelJudge(data: panel.denoised, experiment: experiment)
    return References(
      validation: try judge.scores(of: teacher.graph, on: panel.denoised, part: .validation),
      test: try judge.scores(of: teacher.graph, on: panel.denoised, part: .test))
  }

  func make(_ job: PanelJob, against reference: References?) throws -> Made {
    let identity = store.identity(job.origin)
    if let (model, result) = store.find(job.name, identity: identity) { return Made(model: model, result: result, identity: identity) }
    let start = ContinuousClock.now
    let model = try job.make()
    let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    let bytes = try store.folder.write(model, to: "\(job.name).pare")
    let judge = PanelJudge(data: panel.denoised, experiment: experiment)
    let data = job.isDenoised ? panel.denoised : panel.plain
    func judgement(_ part: DatasetPart, _ teacher: PanelScores?) throws -> PanelJudgement {
      try judge.judgement(of: judge.scores(of: model.graph, on: data, part: part), teacher: teacher, on: part)
    }
    let result = PanelModelResult(
      name: job.name, role: job.role, words: job.words, parameters: model.graph.learnedElementCount, bytes: bytes, seconds: seconds,
      validation: try judgement(.validation, reference?.validation), test: try judgement(.test, reference?.test))
    try store.keep(result, identity: identity)
    return Made(model: model, result: result, identity: identity)
  }
}
