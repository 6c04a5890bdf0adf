import Foundation
import Testing

/// `pare train`, `pare teach` and `pare distill` on experiment files.
@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct TeacherCommandTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
    try folder.write(
      """
      name: small
      data: {simulation: {symbols: 1, candles: 2500, paths: 16}}
      teacher: {model: {mlp: {hidden: [8]}}, training: {epochs: 2}}
      latency-decisions: 1000
      """, to: "small.yaml")
  }

  private func pare(_ arguments: String...) throws -> Program.Outcome { try Program.run(arguments, in: folder.path) }

  @Test func aTeacherIsTrainedOnceAndDistilledFromTheSecondTime() throws {
    let trained = try pare("train", "small.yaml", "--out", "a", "--teachers", "kept")
    #expect(trained.status == 0 && trained.output.contains("teacher"), "\(trained.errors)")
    #expect(trained.errors.contains("train teacher"))
    let distilled = try pare("distill", "small.yaml", "--student", "mlp:6", "--epochs", "2", "--int8", "--out", "b", "--teachers", "kept")
    #expect(distilled.status == 0 && distilled.output.contains("student-int8"), "\(distilled.errors)")
    #expect(!distilled.errors.contains("train teacher") && distilled.errors.contains("kept from an earlier run"))
  }

  @Test func aRecordIsCheckedKeptAndJudged() throws {
    // Five-minute candles from 2024-01-01 on, each decided at its close.
    let rows = (1...2500).map { "\(1_704_067_200_000 + $0 * 300_000),\($0 % 3 - 1)" }
    try folder.write("time,position\n" + rows.joined(separator: "\n") + "\n", to: "positions.csv")
    let taught = try pare("teach", "small.yaml", "--record", "positions.csv", "--says", "positions", "--out", "c")
    #expect(taught.status == 0 && taught.output.contains("teacher"), "\(taught.errors)")
    let learned = try pare(
      "distill", "small.yaml", "--teacher", "positions.csv", "--says", "positions", "--student", "linear", "--epochs", "1", "--out", "c")
    #expect(learned.status == 0 && learned.output.contains("student"), "\(learned.errors)")
  }

  @Test func aStudentKeepsUp() throws {
    let outcome = try pare("distill", "small.yaml", "--rolling", "--window", "1500", "--every", "400", "--epochs", "2", "--json", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((result["blocks"] as? [Any])?.count == 2)
  }

  @Test func mistakesEndInOneLineAndTheRightCode() throws {
    try folder.write("time,position\n1704067500000,1\n1704067500000,0\n", to: "twice.csv")
    let mistakes: [(arguments: [String], code: Int32, words: String)] = [
      (["train", "small.yaml", "--labels", "x.npy"], 64, "--labels"),
      (["train", "none.yaml"], 66, "none.yaml"),
      (["teach", "small.yaml", "--record", "none.csv", "--says", "positions"], 66, "none.csv"),
      (["teach", "small.yaml", "--record", "twice.csv", "--says", "positions"], 65, "one row"),
      (["teach", "small.yaml", "--record", "twice.csv", "--says", "guesses"], 64, "--says"),
      (["distill", "small.yaml", "--student", "mlp:0"], 64, "mlp:0"),
      (["distill", "small.yaml", "--student", "forest:3"], 64, "forest:3"),
      (["distill", "small.yaml", "--temperature", "0"], 65, "temperature"),
      (["distill", "small.yaml", "--says", "positions"], 64, "--says"),
    ]
    for mistake in mistakes {
      let outcome = try Program.run(mistake.arguments + ["--quiet"], in: folder.path)
      #expect(outcome.status == mistake.code && outcome.errorLines.count == 1, "\(mistake.arguments): \(outcome.status) \(outcome.errors)")
      #expect(outcome.errors.contains(mistake.words), "\(outcome.errors)")
    }
  }
}
