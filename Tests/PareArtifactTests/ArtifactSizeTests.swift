import PareArtifact
import PareGraph
import PareTensor
import Testing

/// What a quantized model weighs as a file, everything included.
@Suite struct ArtifactSizeTests {
  @Test func theINT8FileIsAtMostThirtyFiveHundredthsOfTheFloat32One() throws {
    var full = try SampleModels.classifier(quantized: false)
    full.sections["recipe"] = nil
    let (float32, int8) = (try Artifact.encode(full), try Artifact.encode(SampleModels.classifier(quantized: true)))
    let ratio = Double(int8.count) / Double(float32.count)
    #expect(ratio <= 0.35, "\(int8.count) of \(float32.count) bytes")
    let tensors = 12_896 + 227 * 4 * 2 + 42 * 4
    #expect(int8.count - tensors <= 4_600)
  }

  @Test func theQuantizedModelComputesTheSameAfterReading() throws {
    let model = try SampleModels.classifier(quantized: true)
    let read = try Artifact.decode(Artifact.encode(model))
    var generator = SeededGenerator(seed: 21)
    let rows = Tensor((0..<16 * 20).map { _ in Float(generator.normal()) }, shape: [16, 20])
    let outputs = try [model, read].map { try ReferenceEvaluator($0.graph, binding: ["batch": 16]).run(["features": rows]) }
    #expect(outputs[0] == outputs[1])
    #expect(read.graph.parameters == model.graph.parameters)
    #expect(Set(read.sections.keys) == Set(model.sections.keys))
    for (name, text) in model.sections { #expect(read.sections[name] == text) }
  }
}
