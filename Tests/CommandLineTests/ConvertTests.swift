import Foundation
import PareArrays
import PareTensor
import Testing

@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct ConvertTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
  }

  private func run(_ arguments: String...) throws -> Program.Outcome { try Program.run(arguments, in: folder.path) }

  @Test func aModelGoesToONNXAndBackAndPredictsTheSame() throws {
    let model = try folder.model()
    try NPY.write(Tensor((0..<12).map { Float($0) }, shape: [3, 4]), to: folder.path + "/rows.npy")
    #expect(try run("convert", model, "small.onnx", "--external-data").status == 0)
    #expect(try run("convert", "small.onnx", "back.pare").status == 0)
    for (index, path) in [model, "small.onnx", "back.pare"].enumerated() {
      let outcome = try run(
        "predict", path, "--input", "features=rows.npy", "--output", "\(index).npz", "--engine", "reference")
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let expected = try NPZ.read(folder.path + "/0.npz")
    #expect(Set(expected.keys) == ["logits", "probabilities"])
    for index in 1...2 { #expect(try NPZ.read(folder.path + "/\(index).npz") == expected) }
    // The file holds what it is about to be asked for: several inputs may come from one archive.
    try NPZ.write([("features", try NPY.read(folder.path + "/rows.npy"))], to: folder.path + "/rows.npz")
    #expect(try run("predict", "small.onnx", "--input", "rows.npz", "--output", "y.npy").status == 0)
    #expect(try NPY.read(folder.path + "/y.npy").shape == [3, 2])
  }

  @Test func mistakesEndInOneLineAndTheRightCode() throws {
    let model = try folder.model()
    #expect(try run("convert", model, "small.onnx").status == 0)
    try folder.write("no message", to: "bad.onnx")
    let mistakes: [(arguments: [String], code: Int32, words: String)] = [
      (["convert", "missing.onnx", "y.pare"], 66, "missing.onnx"),
      (["convert", "bad.onnx", "y.pare"], 65, "bad.onnx"),
      (["convert", model, "no/such/y.onnx"], 73, "no/such/y.onnx"),
      (["convert", model, "y.onnx", "--opset", "20"], 64, "21"),
      (["convert", model, "y.pare", "--opset", "22"], 64, ".onnx"),
      (["convert", "small.onnx", "y.pare", "--batch", "0"], 64, "--batch"),
      (["convert", model, "y.pare", "--batch", "1"], 64, ".onnx"),
    ]
    for mistake in mistakes {
      let outcome = try Program.run(mistake.arguments, in: folder.path)
      #expect(outcome.status == mistake.code && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(mistake.words), "\(outcome.errors)")
    }
  }
}
