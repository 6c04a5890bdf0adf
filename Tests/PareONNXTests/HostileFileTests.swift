import Foundation
import PareGraph
import PareONNX
import PareTensor
import Testing

/// Files that nobody should trust end in an error, or are read; never in anything else.
@Suite struct HostileFileTests {
  private static func read(_ bytes: [UInt8]) {
    do {
      let model = try ONNXFile.decode(bytes)
      _ = try ONNXFile.encode(model)
    } catch {}
  }

  @Test func aTruncatedFileIsRefusedAtEveryLength() throws {
    for file in [SampleFile.perceptron(), SampleFile.structured()] {
      let bytes = try file.bytes
      for length in 0..<bytes.count {
        // Fields stand in the order of their numbers, so the opset is what is missing last.
        #expect(throws: ONNXError.self) { try ONNXFile.decode(Array(bytes.prefix(length))) }
      }
    }
  }

  @Test(arguments: [[1 << 40], [-1], [1 << 32, 1 << 32], [0, -1], [Int.max, 2], [1 << 20, 1 << 20]])
  func extentsThatCannotBe(extents: [Int]) throws {
    for keepsData in [true, false] {
      var file = SampleFile.perceptron()
      file.model.graph.initializers[0].extents = extents.map { Int64($0) }
      if !keepsData { file.model.graph.initializers[0].clearRawData() }
      #expect(try file.failure() != nil)
    }
    var file = SampleFile.perceptron()
    file.model.graph.inputs[0].type.tensor.shape.extents = extents.map { number in
      var extent = WireExtents.Extent()
      extent.number = Int64(number)
      return extent
    }
    #expect(try file.failure() != nil)
  }

  @Test func messagesInMessagesAreRefused() throws {
    var graph = WireGraph()
    for level in 0..<200 {
      var node = SampleFile.node("If", ["condition"], ["y\(level)"])
      var attribute = WireAttribute()
      attribute.name = "then_branch"
      attribute.kind = .graph
      attribute.graph = graph
      node.attributes = [attribute]
      graph = WireGraph()
      graph.nodes = [node]
    }
    var file = SampleFile.structured()
    file.model.graph = graph
    #expect(try file.failure()?.code == "onnx.content")
  }

  @Test func moreMessagesThanMemoryIsThereForAreRefused() throws {
    // A graph of empty nodes, two bytes each.
    let nodes: [UInt8] = (0..<2 * (MessageCount.limit + 1)).map { $0 % 2 == 0 ? 0x0a : 0 }
    var length = nodes.count
    var header: [UInt8] = [0x3a]
    while length > 127 {
      header.append(UInt8(length & 0x7f) | 0x80)
      length >>= 7
    }
    let bytes: [UInt8] = header + [UInt8(length)] + nodes
    let error = #expect(throws: ONNXError.self) { try ONNXFile.decode(bytes) }
    #expect(error?.code == "onnx.too-large")
    #expect(MessageCount.isBounded(try SampleFile.structured().bytes))
  }

  @Test func aLongChainInTheWrongOrderNeedsNoStack() throws {
    var file = SampleFile()
    file.input("x", ValueType(.float32, [2]))
    file.model.graph.nodes = (0..<20_000).reversed().map { index in
      SampleFile.node("Relu", [index == 0 ? "x" : "v\(index)"], ["v\(index + 1)"])
    }
    file.output("v20000")
    #expect(try file.decoded().graph.nodes.count == 20_000)
  }

  /// `scripts/fuzz` runs more of these.
  @Test func mutationsOfAFileNeverEndTheProgram() throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["FUZZ_COUNT"].flatMap { Int($0) } ?? 2000
    var generator = SeededGenerator(seed: environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    for file in [SampleFile.perceptron(), SampleFile.structured()] {
      let bytes = try file.bytes
      for _ in 0..<count { Self.read(Mutation.mutated(bytes, by: &generator)) }
    }
  }
}

enum Mutation {
  /// One to four changes: a bit, a byte, a run cut out, doubled or overwritten by the largest varint.
  static func mutated(_ original: [UInt8], by generator: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    func draw(_ bound: Int) -> Int { Int(generator.uniform() * Double(bound)) }
    for _ in 0...draw(4) where !bytes.isEmpty {
      let place = draw(bytes.count)
      let run = min(1 + draw(16), bytes.count - place)
      switch draw(6) {
      case 0: bytes[place] ^= 1 << UInt8(draw(8))
      case 1: bytes[place] = UInt8(draw(256))
      case 2: bytes.removeSubrange(place..<place + run)
      case 3: bytes.insert(contentsOf: bytes[place..<place + run], at: place)
      case 4: bytes.replaceSubrange(place..<place + run, with: [UInt8](repeating: 0xff, count: run))
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }
}
