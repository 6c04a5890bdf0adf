import Foundation
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareONNX
import PareTensor

/// One passage through data: models are made on the training part, judged, and one is chosen on the validation part.
struct ExperimentPass: Sendable {
  let experiment: Experiment
  let data: ExperimentData
  /// Where artifacts go, and the folder in it.
  let output: RunFolder
  let folder: String
  /// Taken instead of the clock's.
  let latencies: RecordedLatencies?
  let observer: any RunObserver
  /// Keeps teachers; nil keeps none.
  var teachers: TeacherStore?
  /// Of files that the experiment names.
  var resolve: @Sendable (String) -> String = { $0 }
  /// Whether the test part is gone through under shocks as well.
  var isStressed = true

  /// What came of it.
  struct Outcome: Sendable {
    var candidates: [CandidateResult]
    var decision: Decision
    /// Models and steps of recipes that were judged on the validation part.
    var evaluated: Int
    var layers: [CandidateLayers]
    var teacher: TeacherSummary

    var chosen: CandidateResult? { candidates.first { $0.name == decision.chosen } }
  }

  /// - Parameter own: the user's model, which takes the teacher's place.
  func execute(own: Model?) throws -> Outcome {
    let teachers = TeacherMaker(
      experiment: experiment, data: data, store: teachers, label: label,
      resolve: resolve, observer: observer)
    let (models, teacher) = try ModelMaker(
      experiment: experiment, data: data, teachers: teachers, latencies: latencies, observer: observer
    ).makeModels(own: own)
    var candidates = try judge(models)
    let evaluated = experiment.evaluatedBefore + models.count + models.reduce(0) { $0 + max(($1.steps?.count ?? 0) - 1, 0) }
    deflate(&candidates, evaluated: evaluated)
    let choice = Choice(
      objectives: experiment.objectives, budget: experiment.budget, rule: experiment.choice, tolerance: experiment.tolerance,
      uninformedLogLoss: data.judge.uninformedLogLoss(on: .validation), skill: candidates.first?.originalSkill)
    let decision = choice.decide(&candidates)
    return Outcome(
      candidates: candidates, decision: decision, evaluated: evaluated,
      layers: models.filter { !$0.layers.isEmpty }.map { CandidateLayers(candidate: $0.name, layers: $0.layers) }, teacher: teacher)
  }

  /// By which kept teachers are told apart.
  private var label: String {
    let place = folder == "artifacts" ? "" : "-" + folder.replacingOccurrences(of: "/", with: "-")
    return "\(experiment.name)-\(experiment.seed)\(place)"
  }

  private func judge(_ models: [MadeModel]) throws -> [CandidateResult] {
    observer.began("judge", units: models.count)
    var results: [CandidateResult] = []
    typealias Reference = (judgement: Judgement, hasSkill: Bool)
    var original: (bytes: Int, validation: Reference, test: Reference)?
    let stress = isStressed && models.first?.outsider == nil ? try StressTest(data, seed: experiment.seed) : nil
    var stressed: (test: Judgement, opinions: [Judge.Opinion])?
    for (index, made) in models.enumerated() {
      let contestant = try contestant(made)
      func judgement(_ part: DatasetPart, _ original: Reference?) throws -> (judgement: Judgement, evidence: Evidence) {
        let opinion = try contestant.opinion(part)
        let judgement = try data.judge.judgement(
          of: opinion, against: original?.judgement.opinion ?? opinion, on: part,
          delay: experiment.execution.latency.delay(measuredNanoseconds: contestant.latency?.p99 ?? 0))
        return (judgement, try data.judge.evidence(of: judgement, against: original, margin: experiment.margin))
      }
      let validation = try judgement(.validation, original?.validation)
      var test = try judgement(.test, original?.test)
      let reference =
        original
        ?? (contestant.bytes, (validation.judgement, validation.evidence.hasSkill), (test.judgement, test.evidence.hasSkill))
      original = reference
      if let stress, let deployed = contestant.deployed {
        let opinions = (test: test.judgement, opinions: try stress.opinions(of: deployed, data))
        if let stressed { test.evidence.stress = try stress.outcomes(of: opinions, against: stressed) } else { stressed = opinions }
      }
      results.append(
        CandidateResult(
          name: made.name, role: made.role, made: made.made, artifacts: contestant.artifacts,
          parameters: contestant.parameters, bytes: contestant.bytes,
          weightBytes: contestant.weightBytes, planBytes: contestant.planBytes,
          compressionRatio: min(reference.bytes, contestant.bytes) > 0 ? Double(reference.bytes) / Double(contestant.bytes) : nil,
          validation: validation.judgement.measures, test: test.judgement.measures, latencyNs: contestant.latency, pareto: false,
          withinBudget: false, equity: test.judgement.result.equityPoints, from: made.from, precision: made.precision, steps: made.steps,
          multiplyAdds: contestant.multiplyAdds,
          evidence: EvidenceParts(validation: validation.evidence, test: test.evidence)))
      results[index].influence = try contestant.deployed.flatMap { try SymbolInfluence(of: $0, data: data) }
      observer.advanced(to: index + 1, note: made.name)
    }
    observer.ended("\(models.count) models on \(data.summary.validation.rows) + \(data.summary.test.rows) decisions")
    return results
  }

  /// Brings a model into the form in which it is judged: the artifact as written and read back.
  private func contestant(_ made: MadeModel) throws -> Contestant {
    if let teacher = made.outsider { return try contestant(teacher, named: made.name) }
    let path = "\(folder)/\(made.name).pare"
    let (deployed, bytes) = try data.deploy(made.model, deciding: experiment.threshold, as: path, in: output)
    do {
      try ModelFile.write(deployed.model, to: output.path("\(folder)/\(made.name).onnx"))
    } catch let error as ONNXError where error.code == "onnx.no-standard-form" {
      // Recurrent layers on integers have no form in ONNX; the artifact is the .pare file alone.
    }
    let latency =
      try latencies.map { try $0.latency(of: made.name) }
      ?? deployed.latency(features: data.features(.test), decisions: experiment.latencyDecisions)
    return Contestant(
      artifacts: [path], bytes: bytes, weightBytes: deployed.model.graph.storedByteCount, planBytes: deployed.plan.residentByteCount,
      parameters: deployed.model.graph.learnedElementCount, multiplyAdds: try deployed.model.graph.multiplyAdds(), latency: latency,
      deployed: deployed, opinion: { try deployed.opinion(on: data, part: $0) })
  }

  private func contestant(_ teacher: TrainedTeacher, named name: String) throws -> Contestant {
    let deployment = try TeacherDeployment(
      teacher, data: data, to: output, path: { "\(folder)/\(name)\($0.map { "-\($0)" } ?? "").pare" },
      decisions: experiment.latencyDecisions, isTimed: latencies == nil)
    let threshold = try data.judge.threshold(
      experiment.threshold, of: teacher.outputs.scores(of: data.dataset.parts[.validation]).probabilities)
    return Contestant(
      artifacts: deployment.artifacts, bytes: deployment.bytes, weightBytes: deployment.weightBytes, planBytes: deployment.planBytes,
      parameters: deployment.parameters, multiplyAdds: deployment.multiplyAdds,
      latency: try latencies.map { try $0.latency(of: name) } ?? deployment.latency, deployed: nil
    ) { part in
      Judge.Opinion(probabilities: try teacher.outputs.scores(of: data.dataset.parts[part]).probabilities, threshold: threshold)
    }
  }

  /// What is judged, and what it costs.
  private struct Contestant {
    let artifacts: [String]
    let bytes, weightBytes, planBytes, parameters: Int
    let multiplyAdds: Int?
    let latency: Latency?
    /// Nil for a teacher that cannot take the experiment's rows.
    let deployed: DeployedModel?
    let opinion: (DatasetPart) throws -> Judge.Opinion
  }

  /// Says of each Sharpe ratio how likely it is more than the luck of the best among all that were tried.
  private func deflate(_ candidates: inout [CandidateResult], evaluated: Int) {
    let tried = candidates.compactMap { $0.evidence.flatMap { RiskRatios.sharpe(daily: $0.validation.days.net, daysPerYear: 1) } }
    for index in candidates.indices {
      for part in [\EvidenceParts.validation, \.test] {
        guard let days = candidates[index].evidence?[keyPath: part].days.net else { continue }
        candidates[index].evidence?[keyPath: part].deflatedSharpe = SharpeSignificance.deflated(
          daily: days, trials: tried, evaluated: evaluated)
      }
    }
  }
}

extension CandidateResult {
  /// What is known of the gross return on the validation part.
  fileprivate var originalSkill: OriginalSkill? {
    evidence?.validation.intervals[ReturnFigure.grossReturn.rawValue].map {
      OriginalSkill(gross: $0.estimate ?? validation.money.metrics.grossReturn, lower: $0.lower, upper: $0.upper)
    }
  }
}
