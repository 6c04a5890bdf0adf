import PareGraph
import PareTensor
import Testing

@Suite struct DropoutTests {
  private func evaluator(
    count: Int, ratio: Float, trains: Bool = true, seed: Int? = 3, node: String = "dropout"
  ) throws -> ReferenceEvaluator {
    var builder = GraphBuilder(name: "dropout")
    let x = try builder.input("x", ValueType(.float32, [.fixed(count)]))
    let ratio = try builder.constant(Tensor(scalar: ratio))
    let mode = try builder.constant(Tensor(scalar: trains))
    try builder.append(
      Node(
        "Dropout", name: node, inputs: [x, ratio, mode], outputs: ["y", "mask"],
        attributes: seed.map { ["seed": .int($0)] } ?? [:]))
    try builder.output("y")
    try builder.output("mask")
    return try ReferenceEvaluator(builder.graph)
  }

  private func ones(_ count: Int) -> [String: Tensor] { ["x": Tensor([Float](repeating: 1, count: count))] }

  @Test func keepsTheShareAndTheMean() throws {
    let result = try evaluator(count: 100_000, ratio: 0.3).run(ones(100_000))
    let mask = try #require(result["mask"]).values(as: Bool.self)
    let y = try #require(result["y"]).values(as: Float.self)
    let kept = Double(mask.count(where: { $0 }))
    // Five standard deviations of a binomial count.
    #expect(abs(kept - 70_000) < 5 * (100_000 * 0.3 * 0.7).squareRoot())
    // 1 / (1 − 0.3) for the ratio as Float32 holds it.
    for (y, isKept) in zip(y, mask) { #expect(y == (isKept ? Float(1 / (1 - Double(0.3 as Float))) : 0)) }
  }

  @Test func everyRunDrawsAnewAndCanBeRepeated() throws {
    let (first, second) = (try evaluator(count: 64, ratio: 0.5), try evaluator(count: 64, ratio: 0.5))
    let runs = try (0..<3).map { _ in try first.run(ones(64))["mask"] }
    #expect(Set(runs.map { $0?.values(as: Bool.self) }).count == 3)
    for run in runs { #expect(try second.run(ones(64))["mask"] == run) }
  }

  @Test func seedsAndNamesDrawDifferently() throws {
    func mask(seed: Int?, node: String = "dropout") throws -> Tensor? {
      try evaluator(count: 64, ratio: 0.5, seed: seed, node: node).run(ones(64))["mask"]
    }
    #expect(try mask(seed: 1) != mask(seed: 2))
    #expect(try mask(seed: nil, node: "a") != mask(seed: nil, node: "b"))
    #expect(try mask(seed: nil, node: "a") == mask(seed: nil, node: "a"))
    // One seed's second run is not the next seed's first.
    let first = try evaluator(count: 64, ratio: 0.5, seed: 1)
    _ = try first.run(ones(64))
    #expect(try first.run(ones(64))["mask"] != mask(seed: 2))
  }

  @Test func nothingIsDroppedWhenNotTraining() throws {
    let result = try evaluator(count: 8, ratio: 0.5, trains: false).run(ones(8))
    #expect(result["y"] == ones(8)["x"])
    #expect(result["mask"] == Tensor([Bool](repeating: true, count: 8)))
  }

  @Test(arguments: [1, 1.5, -0.1, Float.nan])
  func ratiosThatAreNoShareAreRefused(_ ratio: Float) throws {
    let evaluator = try evaluator(count: 2, ratio: ratio)
    let error = #expect(throws: GraphError.self) { try evaluator.run(ones(2)) }
    #expect(error?.code == "graph.ratio")
  }
}
