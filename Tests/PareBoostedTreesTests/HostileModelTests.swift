import PareArtifact
import PareBoostedTrees
import PareGraph
import PareTensor
import Testing

/// Whatever the bytes, reading them and making a graph of the trees ends in one or in an error that says what is wrong.
@Suite struct HostileModelTests {
  private static let lightGBM = """
    tree
    num_tree_per_iteration=1
    max_feature_idx=2
    objective=binary sigmoid:1
    tree_sizes=1

    Tree=0
    num_leaves=4
    num_cat=0
    split_feature=0 1 2
    threshold=0.25 -0.5 0
    decision_type=10 4 6
    left_child=2 -2 -1
    right_child=1 -3 -4
    leaf_value=1 -2 0.5 -0.25

    end of trees

    """

  private static func files() throws -> [[UInt8]] {
    let document = try JSONParser.parse(TreeSamples.xgboost)
    return [Array(TreeSamples.xgboost.utf8), UBJSONText.bytes(of: document), Array(lightGBM.utf8)]
  }

  /// - Returns: whether the file was refused.
  private func isRefused(_ bytes: [UInt8]) -> Bool {
    do {
      let graph = try BoostedTrees(modelFile: bytes, name: "file").graph()
      guard let width = graph.inputs[0].type.dimensions[1].fixedValue, width <= 1 << 12 else { return false }
      _ = try ReferenceEvaluator(graph, binding: ["batch": 1]).run(["features": Tensor(zeros: .float32, shape: [1, width])])
      return false
    } catch {
      #expect(error is BoostedTreesError || error is GraphError, "\(error)")
      return true
    }
  }

  @Test(arguments: 0..<3) func aTruncatedFileIsRefusedAtEveryLength(_ index: Int) throws {
    let bytes = try Self.files()[index]
    #expect(!isRefused(bytes))
    // LightGBM's text ends with a line, of which the last character is a newline.
    for length in 0..<bytes.count - (index == 2 ? 2 : 0) where !isRefused(Array(bytes[..<length])) {
      Issue.record("\(length) bytes of file \(index) are taken")
    }
  }

  @Test(arguments: 0..<3) func everyFlippedBitEndsInTreesOrAnError(_ index: Int) throws {
    var bytes = try Self.files()[index]
    var refusals = 0
    for bit in 0..<8 * bytes.count {
      bytes[bit / 8] ^= 1 << (bit % 8)
      if isRefused(bytes) { refusals += 1 }
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
    #expect(refusals > bytes.count)
  }

  @Test(arguments: 0..<3) func randomEditsEndInTreesOrAnError(_ index: Int) throws {
    let bytes = try Self.files()[index]
    var generator = SeededGenerator(seed: UInt64(index))
    for _ in 0..<3000 {
      var edited = bytes
      for _ in 0...generator.below(4) {
        let at = generator.below(edited.count)
        switch generator.below(4) {
        case 0: edited[at] = UInt8(generator.below(256))
        case 1: edited.remove(at: at)
        case 2: edited.insert(UInt8(ascii: "0") + UInt8(generator.below(10)), at: at)
        default: edited.insert(contentsOf: edited[at..<min(at + 9, edited.count)], at: generator.below(edited.count))
        }
      }
      _ = isRefused(edited)
    }
  }

  @Test func lengthsBeyondTheFileAskForNoMemory() {
    let huge: [UInt8] = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    let key: [UInt8] = Array("{U".utf8) + [1] + Array("a".utf8)
    for start in [Array("{L".utf8), key + Array("[$d#L".utf8), key + Array("[#L".utf8), key + Array("SL".utf8)] {
      #expect(isRefused(start + huge))
    }
    #expect(isRefused(key + [UInt8](repeating: UInt8(ascii: "["), count: 100_000)))
    #expect(isRefused([]))
    #expect(isRefused(Array("PK".utf8)))
  }
}

/// Universal Binary JSON as XGBoost writes it, for tests: arrays of numbers are typed.
private enum UBJSONText {
  static func bytes(of value: JSONValue) -> [UInt8] {
    switch value {
    case .null: return Array("Z".utf8)
    case .bool(let isTrue): return Array((isTrue ? "T" : "F").utf8)
    case .number(let digits):
      if let number = Int64(digits) { return Array("L".utf8) + bigEndian(number) }
      return Array("d".utf8) + bigEndian((Float(digits) ?? 0).bitPattern)
    case .string(let text): return Array("S".utf8) + length(text.utf8.count) + Array(text.utf8)
    case .array(let elements):
      let floats = elements.compactMap { element in if case .number(let digits) = element { Float(digits) } else { nil } }
      guard floats.count == elements.count, !floats.isEmpty else {
        return Array("[#".utf8) + length(elements.count) + elements.flatMap { bytes(of: $0) }
      }
      let isWhole = floats.allSatisfy { $0 == $0.rounded() && $0.magnitude < 16_777_216 }
      let numbers = isWhole ? floats.flatMap { bigEndian(Int32($0)) } : floats.flatMap { bigEndian($0.bitPattern) }
      return Array((isWhole ? "[$l#" : "[$d#").utf8) + length(elements.count) + numbers
    case .object(let members):
      let content = members.sorted { $0.key < $1.key }.flatMap { key, value in
        length(key.utf8.count) + Array(key.utf8) + bytes(of: value)
      }
      return Array("{".utf8) + content + Array("}".utf8)
    }
  }

  private static func length(_ count: Int) -> [UInt8] { Array("L".utf8) + bigEndian(Int64(count)) }

  private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}
