import PareArtifact
import PareGraph
import PareTensor
import Testing

/// A packed file is the same model in fewer bytes, the same bytes everywhere, and refuses whatever was not packed.
@Suite struct PackedFileTests {
  private static func packed(_ model: Model) -> Model {
    var model = model
    model.isPacked = true
    return model
  }

  private static func plain(_ model: Model) -> Model {
    var model = model
    model.isPacked = false
    return model
  }

  private func everyStorage() throws -> Model {
    var model = try SampleModels.small()
    for (name, storage) in SampleModels.storages() { model.graph.parameters[name] = Parameter(storage, isTrainable: false) }
    return model
  }

  @Test func aModelComesBackBitForBit() throws {
    for model in [try SampleModels.small(), try everyStorage(), try SampleModels.classifier(quantized: true)] {
      let bytes = try Artifact.encode(Self.packed(model))
      let back = try Artifact.decode(bytes)
      #expect(back.isPacked)
      #expect(try Artifact.encode(Self.plain(back)) == Artifact.encode(model))
      #expect(try Artifact.encode(back) == bytes)
    }
  }

  @Test func whatIsNotPackedStaysSo() throws {
    #expect(try !Artifact.decode(Artifact.encode(SampleModels.small())).isPacked)
  }

  @Test func aSmallQuantizedModelTakesLittleMoreThanItsNumbers() throws {
    let model = try SampleModels.classifier(quantized: true)
    let (plain, packed) = (try Artifact.encode(model).count, try Artifact.encode(Self.packed(model)).count)
    let parameters = model.graph.parameters.values.reduce(0) { $0 + $1.storage.byteCount }
    #expect(packed - parameters < 400)
    #expect(packed < plain)
  }

  /// Files are read for years: what the code makes of a model is part of the format.
  @Test func theSameModelHasTheseBytes() throws {
    var fingerprint = Fingerprint()
    for byte in try Artifact.encode(Self.packed(SampleModels.small())) { fingerprint.add(byte) }
    #expect(fingerprint.digits == "364877646123d3c1")
  }

  @Test func anyReaderOfSafetensorsOpensIt() throws {
    let file = try Safetensors(bytes: Artifact.encode(Self.packed(SampleModels.small())))
    #expect(file.metadata.isEmpty)
    #expect(file.tensors.keys.sorted() == ["pare"])
  }

  @Test func weightsOfFewBitsTakeTheirEntropy() throws {
    var generator = SeededGenerator(seed: 3)
    // Two thirds zeros, the rest of two values: 1.58 bits where they were equally frequent, 1.25 as they are.
    let numbers = (0..<6000).map { _ -> Int in
      let draw = generator.uniform()
      return draw < 0.66 ? 0 : draw < 0.83 ? 1 : 2
    }
    func byteCount(_ numbers: [Int]) throws -> Int {
      var model = try SampleModels.small()
      let storage = ParameterStorage(indices: numbers, table: [0, 0.5, -0.5], shape: [60, 100])
      model.graph.parameters["many"] = Parameter(storage, isTrainable: false)
      return try Artifact.encode(Self.packed(model)).count
    }
    let bits = 8 * Double(try byteCount(numbers) - byteCount(numbers.map { _ in 0 })) / 6000
    #expect(bits > 1.2 && bits < 1.33, "\(bits) bits")
  }

  @Test func aFileCutShortIsRefusedAtEveryLength() throws {
    let bytes = try code()
    for length in bytes.indices.dropLast() where length % 7 == 0 || length < 16 {
      #expect(throws: ArtifactError.self, "\(length) bytes") { try Artifact.decode(Self.wrapped(Array(bytes[..<length]))) }
    }
  }

  @Test func everyChangedByteIsNoticed() throws {
    var bytes = try code()
    for index in bytes.indices where index % 3 == 0 || index < 8 || index > bytes.count - 8 {
      let bit = UInt8(1) << UInt8(index % 8)
      bytes[index] ^= bit
      #expect(throws: ArtifactError.self, "byte \(index)") { try Artifact.decode(Self.wrapped(bytes)) }
      bytes[index] ^= bit
    }
    #expect(throws: ArtifactError.self) { try Artifact.decode(Self.wrapped(bytes + [1])) }
  }

  /// Whatever the bytes, reading ends, and in an error.
  @Test func noiseIsRefused() throws {
    var generator = SeededGenerator(seed: 8)
    for length in [0, 1, 4, 5, 6, 40, 400] {
      for fill in 0..<4 {
        var bytes = (0..<length).map { _ in fill == 0 ? 0 : fill == 1 ? 255 : UInt8.random(in: 0...255, using: &generator) }
        if length > 0 { bytes[0] = 1 }
        #expect(throws: ArtifactError.self, "\(length) bytes, \(fill)") { try Artifact.decode(Self.wrapped(bytes)) }
      }
    }
  }

  @Test func aModelTooLargeToPackIsRefused() throws {
    var model = try SampleModels.small()
    model.graph.parameters["large"] = Parameter(ParameterStorage(Tensor(zeros: .float32, shape: [2048, 2049])), isTrainable: false)
    let error = #expect(throws: ArtifactError.self) { try Artifact.encode(Self.packed(model)) }
    #expect(error?.code == "artifact.packed-size")
  }

  /// Zeros pack to nearly nothing, and what a file may ask for is bounded by its size.
  @Test func aModelOfZerosComesBack() throws {
    var model = try SampleModels.small()
    model.graph.parameters["zeros"] = Parameter(ParameterStorage(Tensor(zeros: .float32, shape: [200, 300])), isTrainable: false)
    let bytes = try Artifact.encode(Self.packed(model))
    #expect(bytes.count < 2048)
    #expect(try Artifact.encode(Artifact.decode(bytes)) == bytes)
  }

  private func code() throws -> [UInt8] {
    let file = try Safetensors(bytes: Artifact.encode(Self.packed(SampleModels.small())))
    return try #require(file.tensors["pare"]).values(as: UInt8.self)
  }

  private static func wrapped(_ code: [UInt8]) throws -> [UInt8] {
    try Safetensors(tensors: ["pare": Tensor(code)]).encoded()
  }
}
