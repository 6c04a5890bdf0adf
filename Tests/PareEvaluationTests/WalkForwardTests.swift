import PareBacktest
import PareEvaluation
import PareMarket
import Testing

@Suite struct WalkForwardTests {
  @Test(arguments: [WalkForward.Kind.rolling, .expanding]) func testPartsFollowEachOtherAndEndWithTheData(kind: WalkForward.Kind) throws {
    let split = try ChronologicalSplit(train: 0.5, validation: 0.25)
    let windows = try WalkForward(windows: 5, kind: kind).windows(candles: 10_000, split: split)
    #expect(windows.count == 5 && windows.last?.candles.upperBound == 10_000)
    // 10,000 / (1 + 4 · 0.25): windows of 5,000 candles whose test parts have 1,250.
    for (index, window) in windows.enumerated() {
      let count = Double(window.candles.count)
      let test = (1 - window.split.train - window.split.validation) * count
      #expect(abs(test - 1250) < 2 && abs(window.split.validation * count - 1250) < 2)
      #expect(abs(window.candles.upperBound - (5000 + 1250 * index)) <= 1)
      #expect(window.candles.lowerBound == (kind == .expanding ? 0 : 1250 * index))
    }
  }

  @Test func everyWindowIsTrainedAndChosenAnewAndItsDaysArePooled() async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 12_000)))
    experiment.candidates = Array(experiment.candidates.prefix(2))
    experiment.walkForward = WalkForward(windows: 3)
    let results = try await Small.run(experiment, in: folder)
    let walk = try #require(results.walkForward)
    #expect(walk.windows.count == 3 && walk.pooled.map(\.name) == results.candidates.map(\.name))
    #expect(zip(walk.windows, walk.windows.dropFirst()).allSatisfy { $0.last < $1.first })
    for (index, model) in walk.pooled.enumerated() {
      let tests = walk.windows.map { $0.candidates[index].test.money.metrics }
      #expect(abs(model.netReturn - tests.reduce(0) { $0 + $1.netReturn }) < 1e-12)
      #expect(model.days.days.count == tests.reduce(0) { $0 + $1.days })
      #expect((model.verdict == nil) == (index == 0))
    }
    #expect(walk.stability.chosen.values.reduce(0, +) == 3)
    let read = try Results(json: results.json())
    #expect(try read.json() == results.json())
  }
}

@Suite struct SeriesRunTests {
  @Test func everyMarketRunsWithEverySeedAndSeedsArePooled() async throws {
    let folder = try ScratchFolder()
    try CandleCSV.write(Small.simulation().run(seed: 8).series[0], to: folder.file("a.csv"))
    var experiment = Small.experiment(.csv(path: "a.csv", symbol: "SIM/A", interval: .fiveMinutes, badRows: .refuse))
    experiment.candidates = Array(experiment.candidates.prefix(2))
    experiment.moreData = [.simulation(Small.simulation())]
    experiment.moreSeeds = [2]
    #expect(experiment.cases.map(\.name) == ["SIM_A-seed-1", "SIM_A-seed-2", "simulated-seed-1", "simulated-seed-2"])
    let file = ExperimentFile(experiment: experiment, directory: folder.path)
    let (series, cases) = try await SeriesRun(file, directory: folder.file("all")).execute()
    #expect(series.markets.map(\.market) == ["SIM_A", "simulated"] && cases.count == 4)
    for (index, market) in series.markets.enumerated() {
      let seeds = [cases[2 * index].results, cases[2 * index + 1].results]
      for (place, model) in market.models.enumerated() {
        let nets = seeds.map { $0.candidates[place].test.money.metrics.netReturn }
        #expect(abs(model.netReturn - (nets[0] + nets[1]) / 2) < 1e-12)
        #expect((model.verdict == nil) == (place == 0))
      }
      // Models of the other seed count as tried.
      #expect(seeds[0].evaluated == 2 * seeds[0].candidates.count)
    }
    // One case alone finds the same.
    var alone = experiment
    (alone.moreData, alone.moreSeeds, alone.seed) = ([], [], 2)
    let one = try await Small.run(alone, in: folder, as: "one")
    #expect(one.candidates.map(\.test) == cases[1].results.candidates.map(\.test))
  }
}
