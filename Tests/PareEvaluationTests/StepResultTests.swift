import Foundation
import PareCompression
import PareEvaluation
import PareTensor
import Testing

/// What an experiment says of each step of its recipes.
@Suite struct StepResultTests {
  private func run(_ folder: ScratchFolder) async throws -> Results {
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 3000)))
    experiment.candidates.append(
      CandidateConfiguration(
        "pruned-int4", from: "pruned",
        recipe: Recipe("pruned-int4") {
          CrossLayerEqualization()
          Quantization(.int4)
        }))
    return try await Small.run(experiment, in: folder)
  }

  @Test func figuresOfAStepAreThoseThatTheCandidateIsJudgedBy() async throws {
    let results = try await run(ScratchFolder())
    let teacher = try #require(results.candidates.first)
    #expect(teacher.steps == nil && teacher.from == nil && teacher.precision == nil)
    #expect(results.candidates.first { $0.name == "logistic" }?.steps == nil)
    for candidate in results.candidates {
      guard let steps = candidate.steps, let last = steps.last else { continue }
      let figures = last.figures
      let validation = candidate.validation
      #expect(figures["bytes"] == Double(candidate.bytes), "\(candidate.name)")
      #expect(figures["accuracy"] == validation.scores.accuracy && figures["skill"] == validation.skill)
      #expect(figures["log_loss"] == validation.scores.logLoss && figures["agreement"] == validation.agreement)
      #expect(figures["decisions_changed"] == validation.flips.rate)
      #expect(figures["missed"] == Double(validation.flips.missed) && figures["false"] == Double(validation.flips.false))
      #expect(figures["reversed"] == Double(validation.flips.reversed))
      #expect(figures["net_return"] == validation.atTeacherThresholds.netReturn)
      #expect(figures["sharpe"] == validation.atTeacherThresholds.sharpe)
      #expect(last.parameters.after == candidate.parameters)
      #expect(try #require(figures["latency_ns"]) > 0)
      #expect(try #require(figures["non_zeros"]) <= Double(candidate.parameters))
    }
  }

  @Test func eachStepBeginsWhereTheOneBeforeEnded() async throws {
    let results = try await run(ScratchFolder())
    func candidate(_ name: String) throws -> CandidateResult {
      try #require(results.candidates.first { $0.name == name })
    }
    // From the teacher, which agrees with itself.
    let int8 = try #require(try candidate("int8").steps?.first)
    #expect(int8.before["agreement"] == 1 && int8.before["decisions_changed"] == 0 && int8.before["output_snr_db"] == nil)
    #expect(try #require(int8.figures["output_snr_db"]) > 20)
    #expect(int8.flips == (try candidate("int8").validation.flips))
    #expect(try #require(int8.weightError?.snrDb) > 30 && int8.layers.allSatisfy { $0.weightError != nil })
    // The student in integers begins as the student ended.
    let (student, quantized) = (try #require(try candidate("student").steps), try #require(try candidate("student-int8").steps))
    #expect(quantized.first?.before == student.last?.figures)
    // Equalization leaves the function, to rounding, and so nearly every decision; then four bits change some.
    let steps = try #require(try candidate("pruned-int4").steps)
    #expect(steps.map(\.technique) == ["cross-layer-equalization", "quantization"])
    #expect(steps[0].before == (try candidate("pruned").steps?.last?.figures) && steps[1].before == steps[0].figures)
    #expect(steps[0].flips.rate < 0.01)
    #expect(steps[1].bytes.before == steps[0].bytes.after)
    #expect(try #require(steps[1].figures["non_zeros"]) < #require(int8.before["non_zeros"]))
  }

  @Test func limitsOfASearchAreOnTheFiguresThatAreReported() async throws {
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 3000)))
    func mixed(_ limits: [FigureLimit]) -> [CandidateConfiguration] {
      [CandidateConfiguration("mixed", recipe: Recipe("mixed") { MixedPrecision(limits: limits) })]
    }
    func figures() async throws -> [String: Double] {
      let candidate = try #require(try await Small.run(experiment, in: ScratchFolder()).candidates.first { $0.name == "mixed" })
      #expect(candidate.precision == "int4 and int8, mixed")
      return try #require(candidate.steps?.first).figures
    }
    experiment.candidates = mixed([FigureLimit("decisions_changed", .atMost(1))])
    let loose = try await figures()
    let (changed, noise) = (try #require(loose["decisions_changed"]), try #require(loose["output_snr_db"]))
    #expect(changed > 0)
    // Half as many decisions and 6 dB more.
    experiment.candidates = mixed([
      FigureLimit("decisions_changed", .atMost(changed / 2)), FigureLimit("output_snr_db", .atLeast(noise + 6)),
    ])
    let strict = try await figures()
    #expect(try #require(strict["decisions_changed"]) <= changed / 2)
    #expect(strict["output_snr_db"].map { $0 >= noise + 6 } ?? true)
  }

  @Test func precisionIsThatOfTheLastStepThatQuantized() async throws {
    let results = try await run(ScratchFolder())
    let precisions = Dictionary(uniqueKeysWithValues: results.candidates.map { ($0.name, $0.precision) })
    #expect(precisions["int8"] == "int8" && precisions["student-int8"] == "int8" && precisions["pruned-int4"] == "int4")
    for name in ["teacher", "student", "pruned", "svd", "shared"] { #expect(precisions[name] == .some(nil), "\(name)") }
    #expect(results.candidates.first { $0.name == "pruned-int4" }?.from == "pruned")
  }

  @Test func resultsOfEarlierVersionsHaveNoSteps() async throws {
    let json = try await run(ScratchFolder()).json()
    var object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    var candidates = try #require(object["candidates"] as? [[String: Any]])
    for index in candidates.indices {
      for key in ["steps", "from", "precision"] { #expect(candidates[index].removeValue(forKey: key) != nil, "\(key)") }
    }
    object["candidates"] = candidates
    let older = try Results(json: String(decoding: JSONSerialization.data(withJSONObject: object), as: UTF8.self))
    #expect(older.candidates.count == candidates.count)
    #expect(older.candidates.allSatisfy { $0.steps == nil && $0.from == nil && $0.precision == nil })
    #expect(try Report(older).html().contains("id=\"steps\""))
    let steps = try #require(try Results(json: json).candidates.first { $0.name == "int8" }?.steps)
    #expect(try Results(json: Results(json: json).json()).candidates.first { $0.name == "int8" }?.steps == steps)
  }
}
