import Foundation
import PareArtifact
import PareGraph
import PareTensor
import Testing

@Suite struct ArtifactTests {
  private func expectEqual(_ a: Model, _ b: Model) {
    #expect(a.graph.name == b.graph.name)
    #expect(a.graph.inputs == b.graph.inputs)
    #expect(a.graph.outputs == b.graph.outputs)
    #expect(a.graph.nodes == b.graph.nodes)
    #expect(a.graph.parameters == b.graph.parameters)
    #expect(a.sections == b.sections)
  }

  @Test func aFileGivesItsModelBack() throws {
    let model = try SampleModels.small()
    expectEqual(try Artifact.decode(Artifact.encode(model)), model)
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    let bytes = try Artifact.encode(SampleModels.small())
    #expect(try Artifact.encode(SampleModels.small()) == bytes)
    #expect(try Artifact.encode(Artifact.decode(bytes)) == bytes)
    var reordered = try SampleModels.small()
    reordered.sections = ["label": reordered.sections["label"] ?? "", "features": reordered.sections["features"] ?? ""]
    #expect(try Artifact.encode(reordered) == bytes)
  }

  @Test func everyStorageAndElementTypeComesBackToTheBit() throws {
    var model = try SampleModels.small()
    for (index, (name, storage)) in SampleModels.storages().enumerated() {
      model.graph.parameters[name] = Parameter(storage, isTrainable: index % 3 == 0)
    }
    expectEqual(try Artifact.decode(Artifact.encode(model)), model)
  }

  @Test func fourBitsWeighHalfAByteInAFileThatAnyReaderOpens() throws {
    var model = try SampleModels.small()
    let weights = Tensor(packedFourBits: (0..<500).map { UInt8(truncatingIfNeeded: 37 &* $0) }, elementType: .int4, shape: [100, 10])
    let plain = try Artifact.encode(model).count
    model.graph.parameters["w"] = Parameter(ParameterStorage(weights), isTrainable: false)
    let bytes = try Artifact.encode(model)
    #expect(bytes.count - plain < 500 + 160)
    #expect(try Safetensors(bytes: bytes).tensors["w.packed"]?.byteCount == 500)
    #expect(try Artifact.decode(bytes).graph.parameters["w"]?.storage.decoded() == weights)
    #expect(throws: ArtifactError.self) { try Safetensors(tensors: ["w": weights]).encoded() }
  }

  @Test func aSparseAndSharedWeightComputesTheSame() throws {
    let weights: [ParameterStorage] = [
      ParameterStorage(Tensor([1, 0, 0, 2, 0, 3, 0, 0, 0] as [Float], shape: [3, 3]), layout: .bitmask),
      ParameterStorage(indices: [0, 1, 2, 2, 1, 0, 1, 1, 0], table: [0, -1, 0.5], shape: [3, 3], layout: .bitmask),
    ]
    for weight in weights {
      let model = try SampleModels.small(firstWeight: weight)
      let read = try Artifact.decode(Artifact.encode(model))
      let input = ["features": Tensor([1, -2, 3, 0.5, 0.25, -0.125] as [Float], shape: [2, 3])]
      let outputs = try [model, read].map { try ReferenceEvaluator($0.graph, binding: ["batch": 2]).run(input) }
      #expect(outputs[0] == outputs[1])
    }
  }

  /// No operator of today takes them all, so the coding is asked without the graph's own check.
  @Test func everyKindOfAttributeComesBack() throws {
    let attributes: [String: Attribute] = [
      "int": .int(.min), "float": .float(1), "tiny": .float(.leastNonzeroMagnitude), "infinite": .float(-.infinity), "text": .string("1"),
      "ints": .ints([1, -2]), "no ints": .ints([]), "floats": .floats([1, 0.1]), "no floats": .floats([]),
      "mixed floats": .floats([.infinity, 1]), "strings": .strings(["", "\u{1F600}\\"]), "no strings": .strings([]),
    ]
    for (name, attribute) in attributes {
      #expect(try AttributeCoding.decode(AttributeCoding.encode(attribute)) == attribute, "\(name)")
    }
    guard case .float(let value) = try AttributeCoding.decode(AttributeCoding.encode(.float(.nan))) else {
      Issue.record("not a number did not stay a float")
      return
    }
    #expect(value.isNaN)
  }

  @Test func sectionsMayNotTakeTheFormatsNames() throws {
    for name in ["pare", "graph", "checksum"] {
      var model = try SampleModels.small()
      model.sections[name] = "{}"
      #expect(throws: ArtifactError.self) { try Artifact.encode(model) }
    }
  }

  @Test func parametersWhoseSectionsCollideAreRefused() throws {
    var model = try SampleModels.small()
    model.graph.parameters["a"] = Parameter(ParameterStorage(Tensor([1, 0] as [Float]), layout: .bitmask), isTrainable: false)
    model.graph.parameters["a.mask"] = Parameter(ParameterStorage(Tensor([1] as [UInt8])), isTrainable: false)
    #expect(throws: ArtifactError.self) { try Artifact.encode(model) }
    model.graph.parameters["a.mask"] = nil
    model.graph.parameters["__metadata__"] = Parameter(ParameterStorage(Tensor([1] as [UInt8])), isTrainable: false)
    #expect(throws: ArtifactError.self) { try Artifact.encode(model) }
  }

  @Test func anInvalidGraphIsNotWritten() throws {
    var model = try SampleModels.small()
    model.graph.nodes[0].inputs[0] = "nowhere"
    #expect(throws: GraphError.self) { try Artifact.encode(model) }
  }

  @Test func dataLieAlignedToTheirElements() throws {
    var model = try SampleModels.small()
    for (name, storage) in SampleModels.storages() { model.graph.parameters[name] = Parameter(storage, isTrainable: false) }
    let bytes = try Artifact.encode(model)
    let headerLength = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(headerLength % 8 == 0)
    let header = try #require(JSONSerialization.jsonObject(with: Data(bytes[8..<8 + headerLength])) as? [String: Any])
    for (name, entry) in header where name != "__metadata__" {
      let fields = try #require(entry as? [String: Any])
      let offsets = try #require(fields["data_offsets"] as? [Int])
      let shape = try #require(fields["shape"] as? [Int])
      let count = shape.reduce(1, *)
      if count > 0 { #expect(offsets[0] % ((offsets[1] - offsets[0]) / count) == 0, "\(name)") }
    }
  }

  @Test func metadataHoldTextsOnly() throws {
    let bytes = try Artifact.encode(SampleModels.small())
    let headerLength = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(JSONSerialization.jsonObject(with: Data(bytes[8..<8 + headerLength])) as? [String: Any])
    let metadata = try #require(header["__metadata__"] as? [String: String])
    #expect(metadata["pare"] == "1" && metadata["label"] == #"{"horizon":12}"#)
    _ = try #require(JSONSerialization.jsonObject(with: Data((metadata["graph"] ?? "").utf8)) as? [String: Any])
  }
}
