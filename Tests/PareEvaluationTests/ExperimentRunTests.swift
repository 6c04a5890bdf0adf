import Foundation
import PareArtifact
import PareEvaluation
import PareMarket
import PareTensor
import Testing

@Suite struct ExperimentRunTests {
  /// What does not depend on the clock.
  private func timeless(_ results: Results) throws -> String {
    var copy = results
    copy.chosen = nil
    copy.reason = ""
    for index in copy.candidates.indices {
      copy.candidates[index].latencyNs = Latency(p50: 0, p99: 0, p999: 0, max: 0, clock: 0)
      copy.candidates[index].withinBudget = true
      copy.candidates[index].pareto = true
    }
    return try copy.json()
  }

  @Test func aRunJudgesEveryCandidateAndWritesWhatItFound() async throws {
    let folder = try ScratchFolder()
    let results = try await Small.run(Small.experiment(.simulation(Small.simulation())), in: folder)
    #expect(
      results.candidates.map(\.name) == [
        "teacher", "student", "int8", "pruned", "svd", "shared", "student-int8", "logistic", "student-untaught",
      ])
    #expect(results.baselines.map(\.name) == ["flat", "buy-and-hold"])
    #expect(results.baselines[0].test.netReturn == 0 && results.baselines[0].test.sharpe == nil)
    #expect(results.chosen != nil && results.truth != nil)
    #expect(results.data.source.hasPrefix("simulated"))
    for candidate in results.candidates {
      let model = try Artifact.read(folder.file("run/" + candidate.artifact))
      #expect(["features", "label", "provenance"].allSatisfy { model.sections[$0] != nil })
      #expect(candidate.role == .candidate ? model.sections["recipe"] != nil : true)
      let size = try FileManager.default.attributesOfItem(atPath: folder.file("run/" + candidate.artifact))[.size]
      #expect((size as? NSNumber)?.intValue == candidate.bytes)
      #expect(candidate.weightBytes < candidate.bytes && candidate.latencyNs.p99 > 0)
      #expect(candidate.test.logLoss.isFinite && candidate.test.fillOneLater.netReturn != candidate.test.netReturn)
    }
    let teacher = results.candidates[0]
    #expect(teacher.test.agreement == 1 && teacher.test.flips.rate == 0 && teacher.compressionRatio == 1)
    let written = try String(contentsOfFile: folder.file("run/results.json"), encoding: .utf8)
    #expect(try Results(json: written).json() + "\n" == written)
    #expect(written.contains("\"sharpe\" : null"))
  }

  @Test func theKeysAreThoseThatReadersRelyOn() async throws {
    let folder = try ScratchFolder()
    let results = try await Small.run(Small.experiment(.simulation(Small.simulation(candles: 3000))), in: folder)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(results.json().utf8)) as? [String: Any])
    func keys(_ value: Any?) -> Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
    #expect(keys(json).isSuperset(of: ["schema", "experiment", "seed", "data", "candidates", "chosen"]))
    #expect(keys(json["data"]).isSuperset(of: ["source", "rows", "train", "validation", "test"]))
    let candidate = try #require((json["candidates"] as? [[String: Any]])?.first)
    #expect(
      keys(candidate).isSuperset(of: [
        "name", "artifact", "parameters", "bytes", "weight_bytes", "plan_bytes", "compression_ratio", "validation", "test",
        "latency_ns", "pareto", "within_budget",
      ]))
    #expect(keys(candidate["latency_ns"]).isSuperset(of: ["p50", "p99", "p999", "max"]))
    let measures = try #require(candidate["test"] as? [String: Any])
    #expect(
      keys(measures).isSuperset(of: [
        "accuracy", "balanced_accuracy", "log_loss", "skill", "agreement", "flips", "gross_return", "net_return",
        "break_even_bp", "sharpe", "max_drawdown", "turnover", "trades", "costs", "fill_one_later",
      ]))
    #expect(keys(measures["flips"]).isSuperset(of: ["missed", "false", "reversed"]))
    #expect(keys(measures["fill_one_later"]).isSuperset(of: ["net_return", "sharpe"]))
  }

  @Test func theSameSeedGivesTheSameResultsAndAnotherSeedOthers() async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 4000)))
    let first = try await Small.run(experiment, in: folder, as: "first")
    let second = try await Small.run(experiment, in: folder, as: "second")
    #expect(try timeless(first) == timeless(second))
    let latencies = try RecordedLatencies(path: folder.file("first/results.json"))
    let repeated = try await Small.run(experiment, in: folder, as: "third", latencies: latencies)
    #expect(try repeated.json() == first.json())
    experiment.seed = 2
    #expect(try timeless(await Small.run(experiment, in: folder, as: "other")) != timeless(first))
  }

  @Test func changingTheTestPartChangesNothingThatWasDecidedBefore() async throws {
    let folder = try ScratchFolder()
    let market = try Small.simulation().run(seed: 3)
    let series = market.series[0]
    let cut = series.candles.count * 82 / 100
    var changed = series.candles
    for index in cut..<changed.count {
      // Another future: prices mirrored about the candle at the cut.
      let pivot = series.candles[cut].open
      let candle = series.candles[index]
      func mirror(_ price: Double) -> Double { pivot * pivot / price }
      changed[index] = Candle(
        start: candle.start, open: mirror(candle.open), high: mirror(candle.low), low: mirror(candle.high),
        close: mirror(candle.close), volume: candle.volume * 2)
    }
    try CandleCSV.write(series, to: folder.file("a.csv"))
    try CandleCSV.write(CandleSeries(key: series.key, candles: changed), to: folder.file("b.csv"))
    func experiment(_ name: String) -> Experiment {
      Small.experiment(.csv(path: name, symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    }
    let one = try await Small.run(experiment("a.csv"), in: folder, as: "a")
    let latencies = try RecordedLatencies(path: folder.file("a/results.json"))
    let other = try await Small.run(experiment("b.csv"), in: folder, as: "b", latencies: latencies)
    #expect(one.chosen == other.chosen && one.reason == other.reason)
    for (left, right) in zip(one.candidates, other.candidates) {
      #expect(left.validation == right.validation && left.pareto == right.pareto)
      #expect(left.test != right.test)
      // The artifacts differ in their provenance alone.
      let (a, b) = (try Artifact.read(folder.file("a/" + left.artifact)), try Artifact.read(folder.file("b/" + right.artifact)))
      for (name, parameter) in a.graph.parameters { #expect(b.graph.parameters[name] == parameter, "\(left.name) \(name)") }
    }
  }

  @Test func whatIsJudgedIsTheArtifactOnDisk() async throws {
    let folder = try ScratchFolder()
    let market = try Small.simulation(candles: 3000).run(seed: 5)
    try CandleCSV.write(market.series[0], to: folder.file("a.csv"))
    let experiment = Small.experiment(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    let results = try await Small.run(experiment, in: folder)
    let dataset = try MarketDataset(
      series: [market.series[0]], schema: FeatureSchema(interval: .fiveMinutes), label: experiment.label)
    let rows = dataset.labelled(.test)
    let features = Tensor(rows.features, shape: [rows.count, dataset.schema.width])
    for name in ["teacher", "int8", "pruned", "shared"] {
      let model = try Artifact.read(folder.file("run/artifacts/\(name).pare"))
      let probabilities = try ModelPrediction(model, engine: .reference)
        .run(["": features], output: "probabilities").values(as: Float.self)
      let correct = rows.labels.indices.count { row in
        (probabilities[2 * row + 1] > probabilities[2 * row] ? 1 : 0) == rows.labels[row]
      }
      let reported = try #require(results.candidates.first { $0.name == name }).test.accuracy
      // Float32 plans may differ from the reference in rounding, and so in a decision at one half.
      #expect(abs(reported - Double(correct) / Double(rows.count)) <= (name == "int8" ? 0 : 1.5 / Double(rows.count)))
    }
  }

  @Test func theReportIsOneFileThatFetchesNothing() async throws {
    let folder = try ScratchFolder()
    var results = try await Small.run(Small.experiment(.simulation(Small.simulation(candles: 3000))), in: folder)
    results.experiment = "</script><script>alert(1)</script>"
    let page = try Report(results).html()
    #expect(!page.contains("<script>alert"))
    #expect(!page.contains(" src=") && !page.contains("@import") && !page.contains("<link"))
    for candidate in results.candidates { #expect(page.contains("\"\(candidate.name)\"")) }
  }

  @Test func aFolderThatCannotBeMadeIsRefusedBeforeAnyWork() async throws {
    let folder = try ScratchFolder()
    let file = try folder.write("", to: "plain")
    let run = ExperimentRun(
      ExperimentFile(experiment: Small.experiment(.csv(path: "missing.csv", symbol: "X", interval: nil, badRows: .refuse)), directory: folder.path),
      directory: file + "/run")
    await #expect { try await run.execute() } throws: { ($0 as? any PareError)?.category == .cannotCreate }
  }
}
