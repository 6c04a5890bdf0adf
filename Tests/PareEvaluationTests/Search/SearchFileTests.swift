import Foundation
import PareCompression
import PareEvaluation
import PareTensor
import Testing

@Suite struct SearchFileTests {
  private func message(_ keys: String) -> String {
    do {
      _ = try Small.search(keys)
      return "no error"
    } catch {
      #expect((error as? any PareError)?.category == .badData)
      return "\(error)"
    }
  }

  @Test func onlyExperimentAndSpaceHaveToBeNamed() throws {
    let search = try Small.search("")
    #expect(search.name == "search" && search.seed == 1 && search.method == .parzen(startup: 16) && search.trials == nil)
    #expect(search.objectives == [.netReturn, .bytes] && search.budget == SearchBudget() && search.tolerance == 0.1)
    #expect(search.experiment == .file("other.yaml"))
  }

  @Test func aSearchReadsBackAsItself() throws {
    let keys = """
      name: x
      seed: 7
      method: grid
      trials: 12
      objectives: [sharpe, latency, decisions-changed]
      budget: {tier: high-frequency, latency-ns: 80, memory-bytes: 9000, bytes: 4000, limits: [{figure: accuracy, falls-by-at-most: 0.01}]}
      tolerance: 0.2
      """
    let search = try Small.search(keys)
    let again: Search = try StrictYAML.decode(try StrictYAML.json(search))
    #expect(try StrictYAML.json(again) == StrictYAML.json(search))
    #expect(again.objectives == [.sharpe, .latency, .decisionsChanged] && again.method == .grid && again.trials == 12)
    #expect(again.budget == search.budget && again.budget.bytes == 4000)
    #expect((0..<90).allSatisfy { again.space.words(at: $0) == search.space.words(at: $0) })
  }

  @Test(arguments: [
    ("schema: 2", "search.yaml: schema: expected 1, found 2"),
    ("name: a/b", "search.yaml: name: expected letters, digits, '-', '_' and '.', since it names a folder, found 'a/b'"),
    ("method: random", "search.yaml: method: expected one of grid, tpe (nearest: 'grid'), found 'random'"),
    ("method: grid\nstartup: 4", "search.yaml: startup: expected none beside the method 'grid', found 4"),
    ("startup: 0", "search.yaml: startup: expected 1 to 10000 trials, found 0"),
    ("trials: 0", "search.yaml: trials: expected at least 1, found 0"),
    ("objectives: []", "search.yaml: objectives: expected one to four different objectives, found "),
    ("objectives: [bytes, bytes]", "search.yaml: objectives: expected one to four different objectives, found bytes, bytes"),
    ("tolerance: 2", "search.yaml: tolerance: expected a share in 0 ... 1, found 2.0"),
    ("budget: {bytes: 0}", "search.yaml: budget.bytes: expected a positive number of bytes, found 0"),
    ("budget: {latency-ns: -1}", "search.yaml: budget.latency-ns: expected a positive number of nanoseconds, found -1.0"),
    ("budget: {limits: [{figure: acuracy, at-least: 0.5}]}", "search.yaml: budget.limits[0].figure: expected one of net-return, "),
    ("trails: 3", "search.yaml: trails: expected one of schema, name, seed, experiment, space, method, startup, trials, "),
  ])
  func aMistakeIsNamedByItsPath(_ keys: String, _ expected: String) {
    let message = message(keys)
    #expect(message.hasPrefix(expected), "\(message)")
  }

  @Test func anExperimentIsAFileOrStandsThere() throws {
    let folder = try ScratchFolder()
    _ = try folder.write("name: far\ndata: {csv: x.csv, symbol: B}", to: "other.yaml")
    let far = try SearchFile.read(folder.write("experiment: other.yaml\n" + Small.space, to: "a.yaml"))
    #expect(far.experiment.experiment.name == "far" && far.experiment.directory == folder.path)
    let near = try SearchFile.read(folder.write("experiment: {name: near, data: {csv: x.csv, symbol: B}}\n" + Small.space, to: "b.yaml"))
    #expect(near.experiment.experiment.name == "near" && near.experiment.directory == folder.path)
    let wrong = try folder.write("experiment: {data: {csv: x.csv, symbol: B}, sede: 2}\n" + Small.space, to: "c.yaml")
    #expect { try SearchFile.read(wrong) } throws: { "\($0)".contains("c.yaml: experiment.sede: expected one of") }
    let nowhere = try folder.write("experiment: gone.yaml\n" + Small.space, to: "d.yaml")
    #expect { try SearchFile.read(nowhere) } throws: { ($0 as? any PareError)?.category == .noInput }
  }
}

@Suite struct SearchBudgetTests {
  private let teacher = Small.figures(logLoss: 0.5, bytes: 1000)

  private func violation(_ budget: SearchBudget, bytes: Int = 100, logLoss: Double = 0.5, estimateNs: Double? = 100) -> String? {
    budget.violation(of: Small.figures(logLoss: logLoss, bytes: bytes, estimateNs: estimateNs), teacher: teacher)
  }

  @Test func whatDoesNotFitSaysWhy() {
    #expect(violation(SearchBudget()) == nil)
    #expect(violation(SearchBudget(latencyNs: 99)) == "100 ns by the cost table above 99")
    #expect(violation(SearchBudget(latencyNs: 100)) == nil)
    #expect(violation(SearchBudget(tier: .highFrequency), estimateNs: nil) == "no estimate by the cost table")
    #expect(violation(SearchBudget(memoryBytes: 99)) == "100 bytes resident above 99")
    #expect(violation(SearchBudget(bytes: 99)) == "100 bytes above 99")
    #expect(violation(SearchBudget(limits: [FigureLimit("log-loss", .risesByAtMost(0.125))]), logLoss: 0.625) == nil)
    #expect(
      violation(SearchBudget(limits: [FigureLimit("log-loss", .risesByAtMost(0.125))]), logLoss: 0.75) == "log-loss 0.75, not log-loss at most 0.625")
    #expect(violation(SearchBudget(limits: [FigureLimit("latency", .atMost(5))]), estimateNs: nil) == "latency undefined, not latency at most 5.0")
  }
}
