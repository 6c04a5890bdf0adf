import CPareInterface
import Foundation
import PareArtifact
import PareC
import PareTensor
import Testing

/// Damaged and edited files through the C interface: an error, or a model that runs.
@Suite struct HostileBytesTests {
  /// Half are damaged anywhere; half have their graph edited and a checksum that fits, so that they get far.
  @Test(arguments: 0..<3) func randomMutationsEndInAStatus(sample: Int) throws {
    let model = sample == 2 ? try SampleFiles.twoInputs() : try SampleFiles.network(quantized: sample == 1)
    let original = try Artifact.encode(model)
    let file = try Safetensors(bytes: original)
    let graph = Array((file.metadata["graph"] ?? "").utf8)
    let environment = ProcessInfo.processInfo.environment
    let rounds = environment["FUZZ_COUNT"].flatMap { Int($0) } ?? 3000
    var generator = SeededGenerator(seed: environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 3, stream: "c \(sample)")
    var (ran, refused) = (0, 0)
    for round in 0..<rounds {
      var bytes = mutated(original, &generator)
      if round % 4 != 0 {
        guard let text = String(validating: mutated(graph, &generator), as: UTF8.self) else { continue }
        var edited = file
        edited.metadata["graph"] = text
        edited.metadata["checksum"] = Artifact.checksum(of: edited)
        bytes = try edited.encoded()
      }
      if load(bytes) { ran += 1 } else { refused += 1 }
    }
    #expect(refused > rounds / 4 && (ran > 0 || rounds < 1000))
  }

  @Test func aTruncatedFileIsRefusedAtEveryLength() throws {
    let bytes = try Artifact.encode(SampleFiles.network(quantized: true))
    for length in bytes.indices { #expect(!load(Array(bytes[..<length]))) }
  }

  /// Loads, and runs what loaded; false where it was refused. Every refusal has to say why.
  private func load(_ bytes: [UInt8]) -> Bool {
    var options = pare_options()
    options.size = MemoryLayout<pare_options>.size
    options.memory_limit = 64 << 20
    var (model, context): (OpaquePointer?, OpaquePointer?)
    var error = pare_error()
    guard pare_model_load_bytes(bytes, bytes.count, nil, &options, &model, &error) == PARE_OK else {
      if model != nil || error.text.isEmpty || !["artifact.", "graph.", "inference.", "c."].contains(where: error.name.hasPrefix) {
        Issue.record("\(error.name): \(error.text)")
      }
      return false
    }
    defer { pare_model_free(model) }
    guard pare_context_create(model, &context, &error) == PARE_OK else { return false }
    defer { pare_context_free(context) }
    // Ones all over: indices, shapes and booleans that mean something.
    var inputs: [pare_input] = []
    let ones = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16, alignment: 64)
    ones.initializeMemory(as: UInt8.self, repeating: 1, count: 1 << 16)
    defer { ones.deallocate() }
    for index in 0..<pare_model_input_count(model) {
      var value = pare_value()
      guard pare_model_input(model, index, &value, &error) == PARE_OK, value.byte_count <= 1 << 16 else { return true }
      inputs.append(pare_input(bytes: ones, byte_count: value.byte_count))
    }
    _ = pare_run_values(context, inputs, inputs.count, nil, 0, &error)
    let count = pare_model_feature_count(model)
    if count > 0, count <= 1 << 14 { _ = pare_run(context, ones.assumingMemoryBound(to: Float.self), count, nil, &error) }
    return true
  }

  /// One to three of: a byte set, a slice removed, a slice doubled, a digit put in.
  private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...generator.below(3) where bytes.count > 40 {
      let start = generator.below(bytes.count - 32)
      let slice = start..<start + 1 + generator.below(31)
      switch generator.below(5) {
      case 0: bytes[start] = UInt8(generator.below(256))
      case 1: bytes.removeSubrange(slice)
      case 2: bytes.insert(contentsOf: Array(bytes[slice]), at: start)
      case 3:
        // A number for another.
        if let digit = bytes[start...].firstIndex(where: { (0x30...0x39).contains($0) }) { bytes[digit] = 0x30 + UInt8(generator.below(10)) }
      default: bytes.insert(0x30 + UInt8(generator.below(10)), at: start)
      }
    }
    return bytes
  }
}
