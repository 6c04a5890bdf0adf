import PareArtifact
import PareGraph
import PareTensor
import Testing

/// Whatever the bytes, reading them ends in a model or in an error that says what is wrong.
@Suite struct HostileArtifactTests {
  private func refusal(_ bytes: [UInt8]) -> (any Error)? {
    do {
      _ = try Artifact.decode(bytes)
      return nil
    } catch { return error }
  }

  @Test func aTruncatedArtifactIsRefusedAtEveryLength() throws {
    let bytes = try Artifact.encode(SampleModels.small())
    for length in bytes.indices {
      let error = refusal(Array(bytes[..<length]))
      #expect((error as? ArtifactError)?.category == .badData, "\(length) bytes")
    }
  }

  @Test func everyFlippedBitIsNoticed() throws {
    var bytes = try Artifact.encode(SampleModels.small())
    var unnoticed: [Int] = []
    for bit in 0..<8 * bytes.count {
      bytes[bit / 8] ^= 1 << (bit % 8)
      if !(refusal(bytes) is ArtifactError) { unnoticed.append(bit) }
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
    #expect(unnoticed == [])
  }

  /// The checksum is made to fit, so that the graph's own reader sees every text.
  @Test(arguments: [false, true])
  func everyFlippedBitOfTheGraphEndsInAModelOrAnError(large: Bool) throws {
    let model = large ? try SampleModels.classifier(quantized: true) : try SampleModels.small()
    let file = try Safetensors(bytes: Artifact.encode(model))
    var graph = Array((file.metadata["graph"] ?? "").utf8)
    var refusals = 0
    for bit in 0..<8 * graph.count {
      graph[bit / 8] ^= 1 << (bit % 8)
      if let text = String(validating: graph, as: UTF8.self) {
        var edited = file
        edited.metadata["graph"] = text
        if let error = refusal(try Artifact.signed(edited)) {
          refusals += 1
          if !(error is ArtifactError) { Issue.record("bit \(bit): \(error)") }
        }
      }
      graph[bit / 8] ^= 1 << (bit % 8)
    }
    #expect(refusals > graph.count)
  }

  @Test func randomMutationsEndInAModelOrAnError() throws {
    var model = try SampleModels.small()
    for (name, storage) in SampleModels.storages() { model.graph.parameters[name] = Parameter(storage, isTrainable: false) }
    let original = try Artifact.encode(model)
    let graph = Array((try Safetensors(bytes: original).metadata["graph"] ?? "").utf8)
    var generator = SeededGenerator(seed: 2)
    for round in 0..<1500 {
      if round % 2 == 0 {
        let error = refusal(mutated(original, &generator))
        #expect(error == nil || error is ArtifactError)
      } else if let text = String(validating: mutated(graph, &generator), as: UTF8.self) {
        var file = try Safetensors(bytes: original)
        file.metadata["graph"] = text
        let error = refusal(try Artifact.signed(file))
        #expect(error == nil || error is ArtifactError)
      }
    }
  }

  /// The checksum is made to fit, so that every code is decoded.
  @Test func everyFlippedBitOfACodeEndsInAModelOrAnError() throws {
    var model = try SampleModels.small()
    for (name, storage) in SampleModels.coded() { model.graph.parameters[name] = storage.map { Parameter($0, isTrainable: false) } }
    let file = try Safetensors(bytes: Artifact.encode(model))
    var refusals = 0
    let codes = file.tensors.filter { $0.key.hasSuffix(".coded") }
    #expect(codes.count >= 4)
    for (name, code) in codes {
      let bytes = code.values(as: UInt8.self)
      for bit in 0..<8 * bytes.count {
        var (edited, changed) = (file, bytes)
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        edited.tensors[name] = Tensor(changed)
        guard let error = refusal(try Artifact.signed(edited)) else { continue }
        refusals += 1
        if (error as? ArtifactError)?.code != "artifact.content" { Issue.record("\(name), bit \(bit): \(error)") }
      }
    }
    #expect(refusals > 1000)
  }

  @Test(arguments: [
    (#"["t","dense","U8",[128],"entropy"]"#, "in 't.coded' a byte for at most 16 of the section"),
    (#"["t","bitmask","F32",[512],"entropy"]"#, "tensor 't.mask' of uint8 [64]"),
    (#"["t","dense","codebook:4",[16],"entropy"]"#, "tensor 't.codebook' of at most 16 float32"),
    (#"["t","dense","U8",[16],"entropy"]"#, "in 't.coded' a code that ends with its last symbol"),
  ])
  func aCodeThatClaimsTooMuchIsRefused(parameter: String, expected: String) throws {
    let graph = #"{"name":"g","opset":21,"inputs":[],"parameters":["# + parameter + #"],"trainable":[],"operators":[],"nodes":[],"outputs":[]}"#
    var file = Safetensors(tensors: ["t.coded": Tensor([0b11_1100, 1, 1, 1] as [UInt8])], metadata: ["pare": "1", "graph": graph])
    let error = refusal(try Artifact.signed(file)) as? ArtifactError
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "accepted")")
    for (found, word) in [("[16384]", "U8"), ("[4611686018427387904]", "F32")] {
      file.metadata["graph"] = graph.replacing(parameter, with: #"["t","dense",""# + word + #"","# + found + #","entropy"]"#)
      #expect((refusal(try Artifact.signed(file)) as? ArtifactError)?.code == "artifact.content")
    }
  }

  /// One to four of: a byte set, a slice removed, a slice doubled, a digit put in.
  private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...generator.below(4) where bytes.count > 40 {
      let start = generator.below(bytes.count - 32)
      let slice = start..<start + 1 + generator.below(31)
      switch generator.below(4) {
      case 0: bytes[start] = UInt8(generator.below(256))
      case 1: bytes.removeSubrange(slice)
      case 2: bytes.insert(contentsOf: Array(bytes[slice]), at: start)
      default: bytes.insert(UInt8(ascii: "0") + UInt8(generator.below(10)), at: start)
      }
    }
    return bytes
  }

  // MARK: - Headers by hand

  private func file(_ header: String, data: Int = 0, declaredLength: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    let length = declaredLength ?? UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + text + [UInt8](repeating: 0, count: data)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,16]}}"#, 16, "shape"),
    (#"{"a":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]}}"#, 0, "shape"),
    (#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,16]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]}}"#, 16, "content"),
    (#"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#, 16, "content"),
    (#"{"a":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}}"#, 16, "content"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#, 16, "content"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, 17, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}"#, 20, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#, 24, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, 16, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, 16, "header"),
    (#"{"a":{"dtype":"F7","shape":[4],"data_offsets":[0,16]}}"#, 16, "element-type"),
    (#"{"a":{"dtype":"F32","shape":[4]}}"#, 16, "content"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}}"#, 16, "content"),
    (#"{"a":null}"#, 0, "content"),
    (#"{"__metadata__":{"graph":7}}"#, 0, "content"),
    (#"{"__metadata__":[]}"#, 0, "content"),
    (#" {}"#, 0, "header"),
    (#"[]"#, 0, "header"),
    (#"{} {}"#, 0, "header"),
    (#"{"a":"#, 0, "header"),
    (#"{"\ud800":1}"#, 0, "header"),
    (#"{"a":01}"#, 0, "header"),
    ("", 0, "header"),
  ])
  func aHostileHeaderIsRefused(header: String, data: Int, code: String) {
    let error = refusal(file(header, data: data)) as? ArtifactError
    #expect(error?.code == "artifact." + code, "\(error?.description ?? "accepted")")
  }

  @Test func bytesThatAreNoUTF8AreRefused() {
    var bytes = file(#"{"ab":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#)
    bytes[10] = 0xc3
    #expect((refusal(bytes) as? ArtifactError)?.code == "artifact.header")
  }

  @Test func aBooleanIsZeroOrOne() {
    let header = #"{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#
    #expect((refusal(file(header) + [2]) as? ArtifactError)?.code == "artifact.boolean")
  }

  @Test(arguments: [.max, 1 << 63, 1 << 40, 1 << 24 + 1, 3] as [UInt64])
  func aHeaderLengthBeyondTheFileAsksForNoMemory(length: UInt64) {
    #expect(refusal(file("{}", declaredLength: length)) is ArtifactError)
  }

  @Test func depthAndNumberOfValuesAreBounded() {
    for open in ["[", #"{"a":"#] {
      let error = refusal(file(String(repeating: open, count: 100_000))) as? ArtifactError
      #expect(error?.code == "artifact.header")
    }
    let values = #"{"a":["# + String(repeating: "1,", count: 1 << 20) + "1]}"
    #expect((refusal(file(values)) as? ArtifactError)?.code == "artifact.header")
  }

  // MARK: - Graphs by hand

  @Test(arguments: [
    (#""inputs":[]"#, #""inputs":[["features","F32",[4611686018427387904]]]"#),
    (#""inputs":[]"#, #""inputs":[["features","F32"]]"#),
    (#""parameters":[0]"#, #""parameters":[0,0]"#),
    (#""parameters":[0]"#, #""parameters":[1]"#),
    (#""parameters":[0]"#, #""parameters":[]"#),
    (#""parameters":[0]"#, #""parameters":[0,["s","F32",1e99]]"#),
    (#""parameters":[0]"#, #""parameters":[0,["s","U8",256]]"#),
    (#""parameters":[0]"#, #""parameters":[0,["s","U8",1.5]]"#),
    (#""parameters":[0]"#, #""parameters":[0,["s","BOOL",1]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:16",[4611686018427387904]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","bitmask","F32",[1099511627776]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:0",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:99999999999999999999",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2x1",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2x",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2x4x2",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2@0",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2@0/0",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2@-1/4",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2@1/4",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","codebook:2@1/1",[0,4611686018427387904]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","holey","F32",[8]]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","F32",[2],"none"]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","F32",[2],"entropy"]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","F32",[2],"zip"]]"#),
    (#""parameters":[0]"#, #""parameters":[["t","dense","F32",[2],"entropy",1]]"#),
    (#""trainable":[]"#, #""trainable":[1]"#),
    (#""trainable":[]"#, #""trainable":[-1]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[5]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[1]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[-2]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[-1]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[0]],[0,"r",[0],["q"]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[0],{},["q"]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"r",[0],{"alpha":1}]]"#),
    (#""nodes":[]"#, #""nodes":[[1,"r",[0]]]"#),
    (#""nodes":[]"#, #""nodes":[["Relu","r",[0]]]"#),
    (#""nodes":[]"#, #""nodes":[[0,"t",[0]]]"#),
    (#""operators":["Relu"],"nodes":[]"#, #""operators":["Surprise"],"nodes":[[0,"r",[0]]]"#),
    (#""parameters":[0]"#, #""parameters":["t"]"#),
    (#""parameters":[0]"#, #""parameters":[-1]"#),
    (#""outputs":[0]"#, #""outputs":[1]"#),
    (#""outputs":[0]"#, #""outputs":[-1]"#),
    (#""opset":21"#, #""opset":22"#),
    (#""opset":21,"#, ""),
    (#""opset":21,"#, #""opset":21,"extra":1,"#),
  ])
  func aHostileGraphIsRefused(part: String, replacement: String) throws {
    let graph = #"{"name":"g","opset":21,"inputs":[],"parameters":[0],"trainable":[],"operators":["Relu"],"nodes":[],"outputs":[0]}"#
    var file = Safetensors(tensors: ["t": Tensor([1, 2] as [Float])], metadata: ["pare": "1", "graph": graph])
    #expect(throws: Never.self) { try Artifact.decode(Artifact.signed(file)) }
    file.metadata["graph"] = graph.replacing(part, with: replacement)
    #expect(file.metadata["graph"] != graph)
    let error = refusal(try Artifact.signed(file)) as? ArtifactError
    #expect(error?.category == .badData)
    #expect(error?.description.contains("artifact: ") == true || error?.description.hasPrefix("artifact:") == true)
  }

  @Test func whatIsNoArtifactOrFromAnotherTimeIsNamed() throws {
    let plain = try Safetensors(tensors: ["t": Tensor([1] as [Float])]).encoded()
    #expect((refusal(plain) as? ArtifactError)?.code == "artifact.not-an-artifact")
    var later = try Safetensors(bytes: Artifact.encode(SampleModels.small()))
    later.metadata["pare"] = "2"
    #expect((refusal(try Artifact.signed(later)) as? ArtifactError)?.code == "artifact.schema")
    later.metadata["pare"] = "1"
    later.metadata["checksum"] = nil
    #expect((refusal(try later.encoded()) as? ArtifactError)?.code == "artifact.checksum")
  }

  @Test func aHostileNameDoesNotReachTheTerminal() {
    let name = String(repeating: "x", count: 1000)
    let header = "{\"\\u001b[2J\\n\(name)\":{\"dtype\":\"F7\",\"shape\":[],\"data_offsets\":[0,0]}}"
    let message = (refusal(file(header)) as? ArtifactError)?.description ?? ""
    #expect(!message.isEmpty && message.utf8.count < 400)
    #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }
}
