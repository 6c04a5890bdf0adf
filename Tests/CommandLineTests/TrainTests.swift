import Foundation
import PareArrays
import PareTensor
import Testing

@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct TrainTests {
  private let folder: WorkFolder
  private let model: String

  init() throws {
    folder = try WorkFolder()
    model = try folder.model()
    var generator = SeededGenerator(seed: 9)
    let rows = (0..<512 * 4).map { _ in Float(generator.normal()) }
    try NPY.write(Tensor(rows, shape: [512, 4]), to: folder.path + "/rows.npy")
    try NPY.write(Tensor((0..<512).map { Int64(rows[$0 * 4] > 0 ? 1 : 0) }), to: folder.path + "/labels.npy")
  }

  private func train(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(["train", model, "--data", "rows.npy", "--labels", "labels.npy"] + arguments, in: folder.path)
  }

  @Test func aTrainedModelIsWrittenAndItsLossIsLower() throws {
    let outcome = try train("--steps", "40", "--batch-size", "64", "--output", "tuned.onnx", "--json", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((report["loss_after"] as? Double ?? 1) < (report["loss_before"] as? Double ?? 0))
    #expect(report["steps"] as? Int == 40)
    #expect(try Program.run(["predict", "tuned.onnx", "--input", "rows.npy", "--output", "y.npy"], in: folder.path).status == 0)
  }

  @Test func memoryAndProfileTrainNothing() throws {
    let need = try train("--memory")
    #expect(need.status == 0 && need.output.contains("together"))
    let profile = try train("--profile")
    #expect(profile.status == 0 && profile.output.contains("Gemm"))
  }

  /// Killed at whatever moment and resumed until it is through: the same file as without interruption.
  @Test func aKilledTrainingGoesOnToTheSameBits() throws {
    let settings = [
      "--epochs", "400", "--batch-size", "16", "--validation-share", "0.2", "--schedule", "cosine", "--warm-up", "5", "--quiet",
    ]
    let base = ["train", model, "--data", "rows.npy", "--labels", "labels.npy"] + settings
    #expect(try Program.run(base + ["--output", "whole.pare"], in: folder.path).status == 0)
    let resumed = base + ["--output", "resumed.pare", "--checkpoint", "state", "--checkpoint-seconds", "0.002", "--resume"]
    for _ in 0..<4 {
      let running = try Program.start(resumed, in: folder.path)
      // Once the first state is there, the run is in the middle of it.
      while running.process.isRunning, !FileManager.default.fileExists(atPath: folder.path + "/state") { sched_yield() }
      kill(running.process.processIdentifier, SIGKILL)
      _ = running.finish()
    }
    let outcome = try Program.run(resumed, in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let files = try ["whole.pare", "resumed.pare"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0)) }
    #expect(files[0] == files[1])
  }

  @Test func mistakesEndInOneLineAndTheRightCode() throws {
    try NPY.write(Tensor((0..<512).map { Int64($0 == 3 ? 7 : 0) }), to: folder.path + "/bad.npy")
    let mistakes: [(arguments: [String], code: Int32, words: String)] = [
      (["--data", "rows.npy", "--labels", "labels.npy"], 64, "--output"),
      (["--data", "missing.npy", "--labels", "labels.npy", "--output", "y.pare"], 66, "missing.npy"),
      (["--data", "rows.npy", "--labels", "bad.npy", "--output", "y.pare"], 65, "row 3"),
      (["--data", "labels.npy", "--labels", "labels.npy", "--output", "y.pare"], 65, "features"),
      (["--data", "rows.npy", "--labels", "labels.npy", "--output", "y.pare", "--learning-rate=-1"], 64, "learning rate"),
      (["--data", "rows.npy", "--labels", "labels.npy", "--output", "y.pare", "--class-weights", "1,x"], 64, "--class-weights"),
      (["--data", "rows.npy", "--labels", "labels.npy", "--output", "y.pare", "--class-weights", "1,2,3"], 64, "class weights"),
      (["--data", "rows.npy", "--labels", "labels.npy", "--output", "y.pare", "--resume"], 64, "--checkpoint"),
      (["--data", "rows.npy", "--labels", "labels.npy", "--output", "no/such/y.pare", "--epochs", "1"], 73, "no/such"),
    ]
    for mistake in mistakes {
      let outcome = try Program.run(["train", model, "--quiet"] + mistake.arguments, in: folder.path)
      #expect(outcome.status == mistake.code && outcome.errorLines.count == 1, "\(mistake.arguments): \(outcome.status) \(outcome.errors)")
      #expect(outcome.errors.contains(mistake.words), "\(outcome.errors)")
    }
  }
}
