import Foundation
import PareBacktest
import PareCompression
import PareEvaluation
import PareMarket
import Testing

@Suite struct TeacherStoreTests {
  /// Remembers what the stages said of themselves.
  private final class Log: RunObserver, @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func began(_ stage: String, units: Int) { lock.withLock { lines.append(stage) } }
    func advanced(to unit: Int, note: String) {}
    func ended(_ note: String) { lock.withLock { lines.append(note) } }
    var text: String { lock.withLock { lines.joined(separator: "\n") } }
  }

  private func run(_ experiment: Experiment, in folder: ScratchFolder) async throws -> (results: Results, log: String) {
    let log = Log()
    let file = ExperimentFile(experiment: experiment, directory: folder.path)
    let results = try await ExperimentRun(
      file, directory: folder.file("run"), teachers: folder.file("teachers"), observer: log
    ).execute()
    return (results, log.text)
  }

  private func experiment() -> Experiment {
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 2000)))
    experiment.candidates = Array(experiment.candidates.prefix(1))
    return experiment
  }

  @Test func aSecondRunTrainsNoTeacherAndHasTheSameOne() async throws {
    let folder = try ScratchFolder()
    let (first, before) = try await run(experiment(), in: folder)
    let (second, after) = try await run(experiment(), in: folder)
    #expect(before.contains("train teacher") && !after.contains("train teacher"))
    #expect(after.contains("kept from an earlier run"))
    #expect(first.candidates.map(\.test.scores.logLoss) == second.candidates.map(\.test.scores.logLoss))
  }

  @Test func aTeacherOfOtherDataOrOtherSettingsIsRefusedAndTrainedAnew() async throws {
    let folder = try ScratchFolder()
    _ = try await run(experiment(), in: folder)
    var other = experiment()
    other.data = .simulation(Small.simulation(candles: 2100))
    let changedData = try await run(other, in: folder).log
    #expect(changedData.contains("train teacher") && changedData.contains("the data are others"))
    other.teacher = TeacherConfiguration(model: .mlp(hidden: [9]), training: TrainingSchedule(epochs: 2))
    let changedModel = try await run(other, in: folder).log
    #expect(changedModel.contains("train teacher") && changedModel.contains("the teacher is another"))
  }

  @Test func anAgentIsTrainedAnewWhereTradingCostsOtherwise() async throws {
    let folder = try ScratchFolder()
    var experiment = experiment()
    experiment.teacher = TeacherConfiguration(AgentTeacher(.dqn, hidden: [4], epochs: 1, members: 1))
    _ = try await run(experiment, in: folder)
    #expect(try await run(experiment, in: folder).log.contains("kept from an earlier run"))
    experiment.costs.taking = try TradingCosts(fee: experiment.costs.taking.fee * 2, halfSpread: 0.5, slippage: 0.5)
    #expect(try await run(experiment, in: folder).log.contains("the teacher is another"))
    // A network learns labels, whatever trading costs.
    experiment.teacher = self.experiment().teacher
    _ = try await run(experiment, in: folder)
    experiment.costs.taking = try TradingCosts(fee: experiment.costs.taking.fee * 2, halfSpread: 0.5, slippage: 0.5)
    #expect(try await run(experiment, in: folder).log.contains("kept from an earlier run"))
  }

  @Test func aDamagedTeacherIsRefusedAndReplaced() async throws {
    let folder = try ScratchFolder()
    _ = try await run(experiment(), in: folder)
    let path = folder.file("teachers/small-1.safetensors")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes.removeLast(bytes.count / 2)
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try await run(experiment(), in: folder).log.contains("what was kept is not used"))
    #expect(try await run(experiment(), in: folder).log.contains("kept from an earlier run"))
  }

  @Test func nothingOfAnUnfinishedTrainingIsLeft() async throws {
    let folder = try ScratchFolder()
    _ = try await run(experiment(), in: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("teachers"))
    #expect(!names.contains { $0.hasSuffix(".state") })
  }
}
