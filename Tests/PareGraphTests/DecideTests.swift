import PareGraph
import PareTensor
import Testing

@Suite struct DecideTests {
  private func decide(_ probabilities: [Float], classes: Int, short: Float, long: Float) throws -> [Int8] {
    try OperatorCase(
      "pare.Decide", "",
      [
        .variable(Tensor(probabilities, shape: [probabilities.count / classes, classes])),
        .constant(Tensor([short, long])),
      ]).evaluate()[0].values()
  }

  @Test func theThresholdItselfIsEnough() throws {
    #expect(try decide([0.4, 0.6, 0.6, 0.4, 0.5, 0.5], classes: 2, short: 0.6, long: 0.6) == [1, -1, 0])
    #expect(try decide([0.4, 0.6], classes: 2, short: 0.6, long: Float(0.6).nextUp) == [0])
  }

  @Test func theMoreProbableSideWinsAndATieIsNothing() throws {
    #expect(try decide([0.4, 0.6, 0.6, 0.4, 0.5, 0.5], classes: 2, short: 0, long: 0) == [1, -1, 0])
  }

  /// Each side has its own threshold, so that the less probable one may be the only one that may act.
  @Test func anIneligibleSideDoesNotStopTheOther() throws {
    #expect(try decide([0.6, 0.4, 0.4, 0.6], classes: 2, short: 0.7, long: 0.3) == [1, 1])
    #expect(try decide([0.6, 0.4, 0.4, 0.6], classes: 2, short: 0.3, long: 0.7) == [-1, -1])
  }

  @Test func holdingIsBetween() throws {
    #expect(
      try decide([0.2, 0.1, 0.7, 0.7, 0.1, 0.2, 0.3, 0.4, 0.3, 0.1, 0.8, 0.1], classes: 3, short: 0.5, long: 0.5)
        == [1, -1, 0, 0])
  }

  @Test func notANumberDecidesNothing() throws {
    #expect(
      try decide([.nan, 0.9, 0.9, .nan, .nan, .nan, 0.1, 0.9], classes: 2, short: 0, long: 0) == [0, 0, 0, 1])
    #expect(try decide([0.1, .nan, 0.9], classes: 3, short: 0.5, long: 0.5) == [0])
    #expect(try decide([0.1, 0.9], classes: 2, short: .nan, long: .nan) == [0])
  }

  @Test func thePrecisionDoesNotChangeTheRule() throws {
    let subject = OperatorCase(
      "pare.Decide", "",
      [.variable(Tensor([0.3, 0.7, 0.7, 0.3] as [Float], shape: [1, 2, 2])), .constant(Tensor([0.6, 0.6] as [Float]))])
    let wide = try subject.evaluate(precision: .float64)
    #expect(try subject.evaluate() == wide)
    #expect(wide == [Tensor([1, -1] as [Int8], shape: [1, 2])])
  }

  @Test func otherNumbersOfClassesAreRefused() {
    for classes in [1, 4] {
      #expect(throws: GraphError.self) {
        try decide([Float](repeating: 0.25, count: classes), classes: classes, short: 0, long: 0)
      }
    }
  }

  @Test func aDecisionHasNoGradient() throws {
    let node = Node("pare.Decide", name: "decide", inputs: ["p", "t"], outputs: ["decision"])
    var context = GradientContext(
      node: node, outputGradients: ["d"], wanted: [true, false], builder: GraphBuilder(name: "none"))
    let error = #expect(throws: GraphError.self) { try Decide.gradient(&context) }
    #expect(error?.code == "graph.not-differentiable")
    #expect(error?.description.contains("node 'decide' (pare.Decide)") == true)
  }
}
