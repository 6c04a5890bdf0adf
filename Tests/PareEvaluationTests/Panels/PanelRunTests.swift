import Foundation
import PareBacktest
import PareCompression
import PareEvaluation
import PareMarket
import PareModels
import Testing

/// Experiments on panels from candles to results, on a small simulated market in which some symbols lead others.
struct PanelRunTests {
  private static let schedule = TrainingSchedule(epochs: 3, batchSize: 4, learningRate: 3e-3, patience: 3)

  private static func experiment(_ change: (inout PanelExperiment) -> Void = { _ in }) throws -> PanelFile {
    var simulation = MarketSimulation.leadLag(symbols: 5)
    simulation.candles = 700
    var experiment = PanelExperiment(name: "small", data: .simulatedPanel(simulation))
    experiment.features = PanelFeatures(columns: [.return(1), .return(5), .volatility(5)], denoising: try WaveletDenoising(.haar, levels: 1, window: 4))
    experiment.days = PanelDays(count: 12, warmUp: 4)
    experiment.training = schedule
    experiment.teacher = [4, 6].map { PanelArchitecture(S3GSettings(width: $0, rank: 2, states: 2, memory: 2)) }
    experiment.models = [
      PanelModel("linear", .network(PanelArchitecture(PanelLinearSettings()))),
      PanelModel("no-wavelet", .network(PanelArchitecture(S3GSettings(width: 4, rank: 2))), isDenoised: false),
    ]
    var student = Distillation(
      into: .panel(PanelArchitecture(S3GSettings(width: 3, rank: 2, states: 1, memory: 1))), temperature: .scheduled(.constant(1)),
      hardWeight: .constant(0), training: schedule)
    student.start = .truncated
    student.graph = GraphLesson(adjacency: 0.5, change: 0.1, embeddings: 0.5)
    student.explanation = ExplanationLesson(points: 1)
    experiment.candidates = [
      CandidateConfiguration("student", recipe: Recipe("student") { student }),
      CandidateConfiguration("int8", from: "student", recipe: Recipe("int8") { Quantization(.int8) }),
    ]
    change(&experiment)
    return PanelFile(experiment: experiment, directory: NSTemporaryDirectory())
  }

  private static func folder() -> String { NSTemporaryDirectory() + "panel-run-\(UUID().uuidString)" }

  private final class Notes: RunObserver, @unchecked Sendable {
    // Told by one task at a time.
    private(set) var stages: [String] = []
    func began(_ stage: String, units: Int) { stages.append(stage) }
    func advanced(to unit: Int, note: String) {}
    func ended(_ note: String) {}
  }

  @Test func aRunJudgesEveryModelAndASecondOneTrainsNone() async throws {
    let (file, folder) = (try Self.experiment(), Self.folder())
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try await PanelRun(file, directory: folder).execute()
    #expect(first.summary.rows.map(\.name) == ["teacher", "student", "int8", "linear", "no-wavelet"])
    for row in first.summary.rows {
      #expect(row.ic?.mean.isFinite == true && row.rankIC?.mean.isFinite == true && row.bytes > 0)
      #expect((row.comparison == nil) == (row.name == "teacher"))
    }
    let models = try FileManager.default.contentsOfDirectory(atPath: folder + "/seed-1").filter { $0.hasSuffix(".pare") }
    #expect(Set(models) == ["size-0.pare", "size-1.pare", "linear.pare", "no-wavelet.pare", "student.pare", "int8.pare"])
    let dates = try models.map { try FileManager.default.attributesOfItem(atPath: folder + "/seed-1/" + $0)[.modificationDate] as? Date }
    let second = try await PanelRun(file, directory: folder, workers: 1).execute()
    #expect(try second.json() == first.json())
    #expect(try models.map { try FileManager.default.attributesOfItem(atPath: folder + "/seed-1/" + $0)[.modificationDate] as? Date } == dates)
    _ = try JSONDecoder().decode(PanelResults.self, from: Data(first.json().utf8))
  }

  @Test func whatAModelDependsOnIsMadeAnewWhereItChanges() async throws {
    let folder = Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try await PanelRun(Self.experiment { $0.candidates = [] }, directory: folder).execute()
    func date(_ name: String) throws -> Date? {
      try FileManager.default.attributesOfItem(atPath: "\(folder)/seed-1/\(name).pare")[.modificationDate] as? Date
    }
    let (linear, size) = (try date("linear"), try date("size-0"))
    let changed = try Self.experiment {
      $0.candidates = []
      $0.teacher[0] = PanelArchitecture(S3GSettings(width: 5, rank: 2, states: 2, memory: 2))
    }
    _ = try await PanelRun(changed, directory: folder).execute()
    #expect(try date("linear") == linear && date("size-0") != size)
  }

  @Test func inEachWindowModelsAreMadeAnewFromTheDaysBefore() async throws {
    let folder = Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try Self.experiment { $0.walkForward = PanelWalkForward(WalkForward(windows: 2, kind: .expanding), models: ["linear", "student"]) }
    let results = try await PanelRun(file, directory: folder).execute()
    let walk = try #require(results.walkForward)
    #expect(walk.windows.count == 2 && walk.windows[0].last < walk.windows[1].first)
    for window in walk.windows { #expect(window.summary.rows.map(\.name) == ["teacher", "student", "linear"]) }
    #expect(walk.summary.rows.map(\.name) == ["teacher", "student", "linear"])
    // A seed's windows are one stretch: every day of each is compared, and counts once.
    for name in ["student", "linear"] {
      let differences = walk.windows.compactMap { window in window.summary.rows.first { $0.name == name }?.comparison }
      let whole = try #require(walk.summary.rows.first { $0.name == name }?.comparison)
      #expect(whole.days == differences.reduce(0) { $0 + $1.days } && whole.seeds == 1)
      let sum = differences.reduce(0) { $0 + Double($1.days) * ($1.difference.estimate ?? 0) }
      #expect(abs(try #require(whole.difference.estimate) - sum / Double(whole.days)) < 1e-12)
    }
    #expect(walk.windows[0].days["train"] ?? 0 < walk.windows[1].days["train"] ?? 0)
    func bytes(_ place: String) -> Data? { FileManager.default.contents(atPath: "\(folder)/\(place)/linear.pare") }
    #expect(bytes("seed-1-window-1") != nil && bytes("seed-1-window-1") != bytes("seed-1-window-2"))
    let again = try await PanelRun(file, directory: folder).execute()
    #expect(try again.json() == results.json())
    // What is not asked for is not made, and changes no other model.
    #expect(!FileManager.default.fileExists(atPath: folder + "/seed-1-window-1/int8.pare"))
    #expect(try await PanelRun(Self.experiment(), directory: folder).execute().summary.rows.count == 5)
  }

  @Test func partsOfWindowsFollowOneAnotherWithWhatAnEarningTakesBetween() throws {
    for kind in WalkForward.Kind.allCases {
      let walk = PanelWalkForward(WalkForward(windows: 4, kind: kind), models: ["linear"])
      let windows = try walk.parts(days: 600, split: .standard, horizon: 5)
      var before = 0
      for parts in windows {
        let (train, validation, test) = (try #require(parts[.train]), try #require(parts[.validation]), try #require(parts[.test]))
        // The last earning of a part is over before the next begins, and the embargo passes.
        #expect(train.upperBound + 6 + 5 <= validation.lowerBound + 1 && validation.upperBound + 6 + 5 <= test.lowerBound + 1)
        #expect(test.lowerBound >= before)
        before = test.upperBound
      }
      #expect(before == 600)
      #expect(throws: EvaluationError.self) { try walk.parts(days: 20, split: .standard, horizon: 5) }
    }
  }

  @Test func theSameSeedGivesTheSameModelsWithAnyNumberOfWorkers() async throws {
    let folders = [Self.folder(), Self.folder()]
    defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
    for (folder, workers) in zip(folders, [1, 2]) { _ = try await PanelRun(Self.experiment(), directory: folder, workers: workers).execute() }
    for name in ["size-0", "size-1", "linear", "student", "int8"] {
      let files = folders.map { FileManager.default.contents(atPath: "\($0)/seed-1/\(name).pare") }
      #expect(files[0] != nil && files[0] == files[1], "\(name)")
    }
  }

  @Test func changingAPriceLaterLeavesInputsAndScoresBitIdentical() async throws {
    let file = try Self.experiment()
    guard case .simulatedPanel(let simulation) = file.experiment.data else { return }
    let source = try simulation.run(seed: 1)
    func panel(_ change: (inout Candle) -> Void) throws -> String {
      var lines = ["date,symbol,open,high,low,close,volume"]
      for series in source.series {
        for (index, candle) in series.candles.enumerated() {
          var candle = candle
          if index >= 650 { change(&candle) }
          let date = Date(timeIntervalSince1970: 86_400 * Double(index + 1000)).formatted(.iso8601.year().month().day())
          lines.append("\(date),\(series.key.symbol),\(candle.open),\(candle.high),\(candle.low),\(candle.close),\(candle.volume)")
        }
      }
      let path = NSTemporaryDirectory() + "panel-\(UUID().uuidString).csv"
      try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    let paths = [try panel { _ in }, try panel { candle in
      (candle.open, candle.high, candle.low, candle.close) = (candle.open * 2, candle.high * 3, candle.low, candle.close * 1.5)
    }]
    defer { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
    var views: [PanelViews] = []
    for path in paths {
      var experiment = file.experiment
      experiment.data = .panel(path: path, symbols: nil, badRows: .refuse)
      views.append(try await PanelViews(PanelFile(experiment: experiment, directory: "/"), seed: 1, observer: SilentObserver()))
    }
    let (data, changed) = (views[0].denoised, views[1].denoised)
    // The days whose close is before the first changed candle.
    let known = data.days.filter { $0 <= Int64(86_400_000) * 1650 }.count
    #expect(known > 500 && data.days == changed.days)
    let width = known * data.symbolCount
    #expect(data.features.prefix(width * data.columns.count).map(\.bitPattern) == changed.features.prefix(width * data.columns.count).map(\.bitPattern))
    #expect(data.features != changed.features)
    let graph = try PanelArchitecture(S3GSettings(width: 4, rank: 2)).graph(PanelShape(inputs: data.columns.count), seed: 1)
    func scores(_ data: PanelData) throws -> [UInt64] {
      try PanelScores(of: graph, on: data, days: file.experiment.days, range: 0..<data.days.count).values.values.map(\.bitPattern)
    }
    #expect(try scores(data).prefix(width) == scores(changed).prefix(width))
  }

  @Test func aPanelOfOneSymbolAndGroupsOfOthersAreRefused() async throws {
    var simulation = MarketSimulation()
    (simulation.symbols, simulation.candles) = (1, 400)
    let one = try Self.experiment { $0.data = .simulatedPanel(simulation) }
    await #expect { _ = try await PanelRun(one, directory: Self.folder()).execute() } throws: { "\($0)".contains("two symbols or more") }
    let path = NSTemporaryDirectory() + "groups-\(UUID().uuidString).csv"
    try "symbol,industry\nNOBODY,none\n".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let groups = try Self.experiment { $0.groups = PanelGroups(file: path) }
    await #expect { _ = try await PanelRun(groups, directory: Self.folder()).execute() } throws: {
      "\($0)".contains("groups of the panel's symbols, found none of them")
    }
  }
}
