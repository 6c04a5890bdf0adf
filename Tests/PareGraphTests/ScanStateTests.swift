import PareGraph
import PareTensor
import Testing

/// Scans that go on from call to call.
struct ScanStateTests {
  private static let shape = ScanSample(batch: 1, steps: 6, lanes: [2], hasD: true)

  /// A graph of one scan whose operands are inputs.
  private static func graph() throws -> Graph {
    var builder = GraphBuilder(name: "scan")
    let types: [(String, ValueType)] = [
      ("x", ValueType(.float32, [1, "steps", 2, 3])), ("delta", ValueType(.float32, [1, "steps", 2, 3])), ("a", ValueType(.float32, [2, 3])),
      ("b", ValueType(.float32, [1, "steps", 2, 2])), ("c", ValueType(.float32, [1, "steps", 2, 2])), ("d", ValueType(.float32, [3])),
    ]
    for (name, type) in types { _ = try builder.input(name, type) }
    try builder.output(builder.apply("pare.SelectiveScan", types.map(\.0), name: "scan", output: "y"))
    return builder.graph
  }

  private static var operands: [Tensor] { shape.operands.compactMap(\.tensor) }

  @Test func stepByStepItIsOneCallToTheBit() throws {
    let whole = try ReferenceEvaluator(Self.graph(), binding: ["steps": 6])
    let names = ["x", "delta", "a", "b", "c", "d"]
    let inputs = Dictionary(uniqueKeysWithValues: zip(names, Self.operands))
    let expected = try #require(whole.run(inputs)["y"]).values(as: Float.self)

    let (streaming, states) = try Self.graph().withStates()
    let only = try #require(states.first)
    #expect(states.count == 1 && only.input == "scan.state" && only.output == "scan.state.next")
    #expect(only.type == ValueType(.float32, [1, 2, 2, 3]))
    let evaluator = try ReferenceEvaluator(streaming, binding: ["steps": 1])
    var state = Tensor(zeros: .float32, shape: [1, 2, 2, 3])
    var found: [Float] = []
    for step in 0..<6 {
      var now = inputs
      for name in ["x", "delta", "b", "c"] {
        guard let all = inputs[name] else { continue }
        let width = all.shape.elementCount / 6
        now[name] = Tensor(Array(all.values(as: Float.self)[step * width..<(step + 1) * width]), shape: Shape([1, 1] + all.shape.dimensions.dropFirst(2)))
      }
      now["scan.state"] = state
      let results = try evaluator.run(now)
      found += try #require(results["y"]).values(as: Float.self)
      state = try #require(results["scan.state.next"])
    }
    #expect(found == expected)
  }

  @Test func aScanThatHasAStateKeepsIt() throws {
    let once = try Self.graph().withStates().graph
    let (again, states) = try once.withStates()
    #expect(states.isEmpty && again.nodes == once.nodes)
  }

  @Test func operandsThatDoNotFitAreRefused() throws {
    var builder = GraphBuilder(name: "scan")
    for (name, dimensions) in [("x", [1, 4, 3]), ("a", [3, 2]), ("b", [1, 4, 2])] as [(String, [Int])] {
      _ = try builder.input(name, ValueType(.float32, dimensions.map { .fixed($0) }))
    }
    #expect { _ = try builder.apply("pare.SelectiveScan", ["x", "x", "a", "b", "b"]) } throws: { "\($0)".contains("expected input 2 of float32[3, 3]") || "\($0)".contains("expected input 2") }
  }
}
