import Foundation
import PareArtifact
import PareCompression
import PareEvaluation
import PareGraph
import PareMarket
import PareTensor
import Testing

@Suite struct ModelComparisonTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// Logits of two inputs by a matrix.
  private func write(_ name: String, weights: [Float], output: String = "logits", input: String = "features") throws -> String {
    var builder = GraphBuilder(name: name)
    let features = try builder.input(input, ValueType(.float32, ["batch", 2]))
    let weight = try builder.parameter("weight", Tensor(weights, shape: [2, 2]), isTrainable: true)
    try builder.output(
      try builder.apply("Gemm", [features, weight], attributes: ["transB": .int(1)], name: "dense", output: output))
    try Artifact.write(Model(graph: builder.graph), to: folder.file(name))
    return folder.file(name)
  }

  private func compare(
    _ a: String, _ b: String, rows: [Float] = [], seed: UInt64 = 1, data: String? = nil
  ) async throws -> ModelComparison {
    try await ModelComparison.make(
      (a, b), inputs: rows.isEmpty ? [:] : ["": Tensor(rows, shape: [rows.count / 2, 2])], experiment: data, seed: seed, decisions: 200,
      observer: SilentObserver())
  }

  @Test func figuresAreThoseOfTheHand() async throws {
    // Logits 2x + y and x/2 + 3y, and without the smaller weights 2x and 3y.
    let (a, b) = (try write("a.pare", weights: [2, 1, 0.5, 3]), try write("b.pare", weights: [2, 0, 0, 3]))
    let found = try await compare(a, b, rows: [1, 1, 4, 2.8, 1, 0, 0, 1])
    func figure(_ name: String) -> [Double?] { found.figures.filter { $0.name == name }.flatMap { [$0.a, $0.b] } }
    #expect(figure("parameters") == [4, 4] && figure("non_zeros") == [4, 2] && figure("multiply_adds") == [4, 4])
    #expect(figure("parameter_bytes") == [16, 16])
    #expect(figure("bytes")[0] == Double(try Data(contentsOf: URL(fileURLWithPath: a)).count))
    #expect(figure("p50_ns").allSatisfy { ($0 ?? 0) > 0 } && figure("p99_ns").count == 2)
    #expect(found.layers.map(\.name) == ["dense"])
    let layer = try #require(found.layers.first?.b)
    #expect(layer.operatorName == "Gemm" && layer.weights == "float32 [2, 2]" && layer.parameters == 4 && layer.bytes == 16)
    #expect(layer.multiplyAdds == 4 && found.layers[0].a?.weights == layer.weights)
    let agreement = try #require(found.agreement)
    #expect(agreement.rows == 4 && agreement.source == "given rows")
    // (3, 3.5), (10.8, 10.4), (2, 0.5), (1, 3) beside (2, 3), (8, 8.4), (2, 0), (0, 3): the second row changes its class.
    #expect(agreement.decision == .likeliestClass && agreement.decisionsEqual == 3)
    #expect(agreement.outputs.map(\.name) == ["logits"])
    #expect(abs(agreement.outputs[0].error.maximumError - 2.8) < 1e-6)
    #expect(found.money == nil)
  }

  @Test func aModelAgreesWithItselfOnRowsThatTheSeedDecides() async throws {
    let a = try write("a.pare", weights: [2, 1, 0.5, 3])
    let same = try #require(try await compare(a, a).agreement)
    #expect(same.rows == 1024 && same.source == "random rows, seed 1")
    #expect(same.decisionsEqual == 1024 && same.outputs[0].error.maximumError == 0)
    let b = try write("b.pare", weights: [2, 0, 0, 3])
    let errors = try await [1, 1, 2].asyncMap { try await compare(a, b, seed: $0).agreement?.outputs.first?.error.maximumError }
    #expect(errors[0] == errors[1] && errors[0] != errors[2])
  }

  @Test func namesOfInputsAndOfScoresMayDiffer() async throws {
    let a = try write("a.pare", weights: [2, 1, 0.5, 3])
    let b = try write("b.pare", weights: [2, 1, 0.5, 3], output: "scores", input: "x")
    for rows in [[], [1, 1, 4, 2.8] as [Float]] {
      let agreement = try #require(try await compare(a, b, rows: rows).agreement)
      #expect(agreement.outputs.map(\.name) == ["logits / scores"] && agreement.outputs[0].error.maximumError == 0)
      #expect(agreement.decisionsEqual == agreement.rows)
    }
  }

  @Test func rowsThatDoNotFitAreRefused() async throws {
    let a = try write("a.pare", weights: [2, 1, 0.5, 3])
    let rows = ["": Tensor([1, 2, 3] as [Float], shape: [1, 3])]
    await #expect {
      try await ModelComparison.make((a, a), inputs: rows, experiment: nil, seed: 1, decisions: 100, observer: SilentObserver())
    } throws: { "\($0)".contains("input 'features'") }
  }

  @Test func moneyIsThatOfTheRunThatMadeTheModels() async throws {
    try CandleCSV.write(Small.simulation(candles: 3000).run(seed: 5).series[0], to: folder.file("a.csv"))
    var experiment = Small.experiment(.csv(path: "a.csv", symbol: "SIM", interval: .fiveMinutes, badRows: .refuse))
    experiment.candidates = [CandidateConfiguration("pruned", recipe: Recipe("pruned") { Pruning(sparsity: 0.5) })]
    let results = try await Small.run(experiment, in: folder)
    let file = try folder.write(results.configuration, to: "experiment.yaml")
    func artifact(_ name: String) -> String { folder.file("run/artifacts/\(name).pare") }
    let found = try await compare(artifact("teacher"), artifact("pruned"), data: file)
    let money = try #require(found.money)
    #expect(money.experiment == "small" && money.dataDigest == results.data.digest)
    let record = try RunRecord.read(from: folder.file("run"))
    for part in ["validation", "test"] {
      for (name, side) in [("teacher", \FigureComparison.a), ("pruned", \FigureComparison.b)] {
        let expected = record.figures.filter { $0.subject == name && $0.part == part }
        let figures = money.figures.filter { $0.part == part && $0[keyPath: side] != nil }
        #expect(figures.map(\.name) == expected.map(\.name) && !expected.isEmpty)
        #expect(figures.map { $0[keyPath: side] } == expected.map(\.value), "\(name), \(part)")
      }
    }
    let agreement = try #require(found.agreement)
    #expect(agreement.rows == results.data.validation.rows && agreement.source == "the validation part of small")
    #expect(agreement.decision == .decision)
    // An ONNX file of the same model, and a model that was made for other features.
    let onnx = try await compare(folder.file("run/artifacts/teacher.onnx"), artifact("pruned"), data: file)
    #expect(onnx.money?.figures.isEmpty == false)
    experiment.label = try LabelDefinition(.direction, horizon: 5)
    let other = try folder.write(try StrictYAML.encode(experiment), to: "other.yaml")
    await #expect { try await compare(artifact("teacher"), artifact("pruned"), data: other) } throws: {
      "\($0)".contains("teacher.pare: expected a model made for the experiment's label")
    }
    let narrow = try write("narrow.pare", weights: [1, 0, 0, 1])
    await #expect { try await compare(narrow, narrow, rows: [1, 2], data: file) } throws: {
      "\($0)".contains("narrow.pare: expected input")
    }
  }
}

extension Array {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
