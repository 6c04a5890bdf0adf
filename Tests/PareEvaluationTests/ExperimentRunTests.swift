import Foundation
import PareArtifact
import PareBacktest
import PareCompression
import PareEvaluation
import PareGraph
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
      for step in copy.candidates[index].steps?.indices ?? 0..<0 {
        copy.candidates[index].steps?[step].before["latency_ns"] = nil
        copy.candidates[index].steps?[step].figures["latency_ns"] = nil
      }
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
    #expect(results.baselines[0].test.metrics.netReturn == 0 && results.baselines[0].test.metrics.sharpe == nil)
    #expect(results.chosen != nil && results.truth != nil)
    #expect(results.data.source.hasPrefix("simulated"))
    for candidate in results.candidates {
      let model = try Artifact.read(folder.file("run/" + #require(candidate.artifact)))
      #expect(["features", "label", "provenance"].allSatisfy { model.sections[$0] != nil })
      #expect(candidate.role == .candidate ? model.sections["recipe"] != nil : true)
      let size = try FileManager.default.attributesOfItem(atPath: folder.file("run/" + #require(candidate.artifact)))[.size]
      #expect((size as? NSNumber)?.intValue == candidate.bytes)
      #expect(candidate.weightBytes < candidate.bytes && (candidate.latencyNs?.p99 ?? 0) > 0)
      #expect(candidate.test.scores.logLoss.isFinite && candidate.test.money.fillOneLater.netReturn != candidate.test.money.metrics.netReturn)
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
        "latency_ns", "pareto", "within_budget", "steps", "from", "precision",
      ]))
    let step = try #require(((json["candidates"] as? [[String: Any]])?[2]["steps"] as? [[String: Any]])?.first)
    #expect(keys(step).isSuperset(of: ["technique", "bytes", "parameters", "layers", "weight_error", "before", "figures", "flips"]))
    let layer = (step["layers"] as? [[String: Any]])?.first
    #expect(keys(layer).isSuperset(of: ["layer", "outcome", "weight_error", "figures"]))
    #expect(
      keys(step["figures"]).isSuperset(of: [
        "accuracy", "skill", "log_loss", "agreement", "decisions_changed", "missed", "false", "reversed", "net_return",
        "output_snr_db", "bytes", "non_zeros", "multiply_adds", "estimate_ns", "latency_ns",
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

  @Test(arguments: [NetworkArchitecture.recurrent(.lstm, hidden: [6]), .cnn(channels: [6], kernel: 3, stride: 2)])
  func networksOverWindowsTeachAndLearn(network: NetworkArchitecture) async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 3000)))
    experiment.features = FeatureChoice(columns: [.return(1), .rangeOverOpen, .volumeRatio(5)], window: 8)
    experiment.label = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 20), horizon: 12)
    experiment.teacher = TeacherConfiguration(
      model: network, training: TrainingSchedule(epochs: 3, batchSize: 256, learningRate: 1e-3, patience: 3))
    experiment.candidates = [
      CandidateConfiguration("half", recipe: Recipe("half") { StructuredPruning(.ratio(0.5)) }),
      CandidateConfiguration("student", recipe: Recipe("student") {
        Distillation(into: network, temperature: 2, hardWeight: 0.5, training: TrainingSchedule(epochs: 2))
      }),
    ]
    let results = try await Small.run(experiment, in: folder)
    #expect(results.truth != nil && results.candidates[0].made == "\(network.words) on labels")
    let (teacher, half) = (results.candidates[0], results.candidates[1])
    #expect(half.parameters < teacher.parameters && half.weightBytes < teacher.weightBytes)
    let model = try Artifact.read(folder.file("run/" + #require(teacher.artifact)))
    #expect(model.graph.inputs[0].type.dimensions.dropFirst() == [8, 3])
    // One normalizer for a feature, whichever candle it is of.
    #expect(model.graph.parameters["normalizer.scale"]?.storage.shape == [3])
    #expect(model.sections["features"]?.contains("\"window\":8") == true)
  }

  @Test func theTeacherOfARunTeachesTheNext() async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 3000)))
    experiment.candidates = [CandidateConfiguration("int8", recipe: Recipe("int8") { Quantization(.int8) })]
    let first = try await Small.run(experiment, in: folder, as: "first")
    experiment.model = try folder.file("first/" + #require(first.candidates[0].artifact))
    let next = try await Small.run(experiment, in: folder, as: "next")
    for (one, other) in zip(first.candidates.prefix(2), next.candidates) {
      #expect(one.name == other.name && one.test == other.test && one.weightBytes == other.weightBytes)
    }
    // It has no second softmax, and no second normalizer.
    let teacher = try Artifact.read(folder.file("next/" + #require(next.candidates[0].artifact)))
    let original = try Artifact.read(folder.file("first/" + #require(first.candidates[0].artifact)))
    #expect(try Artifact.encode(Model(graph: teacher.graph)) == Artifact.encode(Model(graph: original.graph)))
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
    var longer = experiment
    longer.candidates.append(CandidateConfiguration("more", recipe: Recipe("more") { WeightSharing(bits: 2) }))
    await #expect { try await Small.run(longer, in: folder, latencies: latencies) } throws: {
      "\($0)".contains("expected the latency of 'more'")
    }
    // Found out before any work.
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
    experiment.seed = 2
    #expect(try timeless(await Small.run(experiment, in: folder, as: "other")) != timeless(first))
  }

  @Test func changingTheTestPartChangesNothingThatWasDecidedBefore() async throws {
    let folder = try ScratchFolder()
    let market = try Small.simulation().run(seed: 3)
    let series = market.series[0]
    let dataset = try MarketDataset(
      series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
    // The last label of the validation part ends with the open of the candle before the cut.
    let cut = dataset.candleIndices[dataset.parts.validation.upperBound - 1] + 12 + 2
    #expect(cut <= dataset.candleIndices[dataset.parts.test.lowerBound])
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
      #expect(left.steps == right.steps)
      #expect(left.test != right.test)
      // The artifacts differ in their provenance alone.
      let (a, b) = (try Artifact.read(folder.file("a/" + #require(left.artifact))), try Artifact.read(folder.file("b/" + #require(right.artifact))))
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
    let features = Tensor(rows.features, shape: [rows.count, dataset.width])
    for name in ["teacher", "int8", "pruned", "shared"] {
      let model = try Artifact.read(folder.file("run/artifacts/\(name).pare"))
      let probabilities = try ModelPrediction(model, engine: .reference)
        .run(["": features], output: "probabilities").values(as: Float.self)
      let correct = rows.labels.indices.count { row in
        (probabilities[2 * row + 1] > probabilities[2 * row] ? 1 : 0) == rows.labels[row]
      }
      let reported = try #require(results.candidates.first { $0.name == name }).test.scores.accuracy
      // Float32 plans may differ from the reference in rounding, and so in a decision at one half.
      #expect(abs(reported - Double(correct) / Double(rows.count)) <= (name == "int8" ? 0 : 1.5 / Double(rows.count)))
    }
    // Decisions of the file, in integers, are those that were turned into money.
    let int8 = try Artifact.read(folder.file("run/artifacts/int8.pare"))
    let every = Tensor(Array(dataset.features(of: .test)), shape: [dataset.parts.test.count, dataset.width])
    let decisions = try ModelPrediction(int8, engine: .reference).run(["": every], output: "decision").doubles
    let source = try DecidedPositions(
      decisions: decisions.map { Int8($0) }, at: dataset.parts.test.map { dataset.candleIndices[$0] }, holding: .candles(12))
    let candles = try #require(dataset.candles(of: .test, symbol: 0))
    let money = try Backtest(market.series[0], costs: .standard, execution: Execution()).run(source, over: candles).metrics
    let reported = try #require(results.candidates.first { $0.name == "int8" }).test
    // Two walks that add up in another order.
    #expect(abs(reported.money.metrics.netReturn - money.netReturn) < 1e-12)
    #expect(reported.money.metrics.trades == money.trades && money.trades > 0)
  }

  @Test func changingTheValidationPartLeavesWhatOnlyTheTrainingPartMaySee() async throws {
    let folder = try ScratchFolder()
    let series = try Small.simulation(candles: 3000).run(seed: 3).series[0]
    let dataset = try MarketDataset(
      series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
    let cut = dataset.candleIndices[dataset.parts.train.upperBound - 1] + 12 + 2
    var changed = series.candles
    for index in cut..<changed.count { changed[index].volume *= 7 }
    // Steps too small to change a rounded weight, so that early stopping has no say in what is left.
    var experiment = Small.experiment(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    experiment.teacher = TeacherConfiguration(
      model: .mlp(hidden: [16, 8]),
      training: TrainingSchedule(epochs: 3, batchSize: 256, learningRate: 1e-30, weightDecay: 0, patience: 3))
    experiment.candidates = [CandidateConfiguration("int8", recipe: Recipe("int8") { Quantization(.int8) })]
    try CandleCSV.write(series, to: folder.file("a.csv"))
    let one = try await Small.run(experiment, in: folder, as: "one")
    try CandleCSV.write(CandleSeries(key: series.key, candles: changed), to: folder.file("a.csv"))
    let other = try await Small.run(experiment, in: folder, as: "other")
    #expect(one.candidates[0].validation.scores.logLoss != other.candidates[0].validation.scores.logLoss)
    for name in ["teacher", "int8"] {
      let models = try ["one", "other"].map { try Artifact.read(folder.file("\($0)/artifacts/\(name).pare")).graph }
      for (parameter, value) in models[0].parameters where parameter != "decision.thresholds" {
        #expect(models[1].parameters[parameter] == value, "\(name): \(parameter)")
      }
    }
  }

  @Test func whereThereIsNothingToLearnNothingIsGained() async throws {
    let folder = try ScratchFolder()
    var simulation = Small.simulation(candles: 20_000)
    (simulation.linear.strength, simulation.linear.seasonal, simulation.interaction.strength) = (0, 0, 0)
    for index in simulation.regimes.indices { simulation.regimes[index].momentum = 0 }
    try CandleCSV.write(simulation.run(seed: 8).series[0], to: folder.file("a.csv"))
    var experiment = Small.experiment(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    // Over one candle, labels do not overlap, and a mean over n of them deviates by 1 / 2√n.
    experiment.label = try LabelDefinition(.direction, horizon: 1)
    let results = try await Small.run(experiment, in: folder)
    let deviation = 0.5 / Double(results.data.test.rows).squareRoot()
    for candidate in results.candidates {
      #expect(abs(candidate.test.skill) < 4 * deviation, "\(candidate.name)")
      // A tenth of the decisions is traded, each at 3 basis points a side.
      #expect(candidate.test.money.metrics.trades > 50 && candidate.test.money.metrics.netReturn < 0, "\(candidate.name)")
      #expect(abs(candidate.test.money.metrics.grossReturn - candidate.test.money.metrics.netReturn - candidate.test.money.metrics.costs) < 1e-12)
    }
    #expect(results.reason.contains("no skill to keep"))
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
