import PareGraph
import PareTensor
import Testing

@Suite struct ClassifierConversionTests {
  /// One row that falls to a leaf with `weights`, beside a leaf with the weight `other` for the same classes.
  struct Case: CustomTestStringConvertible {
    let classes: Int
    let weights: [Int: Double]
    let other: Double
    let base: [Double]
    let transform: String
    let label: Int64
    let scores: [Double]

    init(
      _ classes: Int, _ weights: [Int: Double], other: Double, _ base: [Double], _ transform: String, label: Int64,
      _ scores: [Double]
    ) {
      (self.classes, self.weights, self.other, self.base) = (classes, weights, other, base)
      (self.transform, self.label, self.scores) = (transform, label, scores)
    }

    var testDescription: String { "\(classes) classes, \(weights), \(other), \(base), \(transform)" }

    var attributes: [String: Attribute] {
      let ids = weights.keys.sorted()
      return [
        "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]), "nodes_featureids": .ints([0, 0, 0]),
        "nodes_values": .floats([100, 0, 0]), "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
        "nodes_truenodeids": .ints([1, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 0]),
        "class_treeids": .ints(ids.flatMap { _ in [0, 0] }), "class_nodeids": .ints(ids.flatMap { _ in [1, 2] }),
        "class_ids": .ints(ids.flatMap { [$0, $0] }), "class_weights": .floats(ids.flatMap { [weights[$0] ?? 0, other] }),
        "classlabels_int64s": .ints((0..<classes).map { 10 + $0 }), "post_transform": .string(transform),
        "base_values": .floats(base),
      ]
    }
  }

  /// As onnxruntime 1.31 computes them, to seven digits.
  static let cases: [Case] = [
    Case(1, [0: 0.4], other: 1, [], "LOGISTIC", label: 1, [0.4]),
    Case(1, [0: -0.4], other: 1, [0.1], "NONE", label: 0, [-0.3]),
    Case(1, [0: 0.4], other: 1, [], "PROBIT", label: 1, [-0.2533535]),
    Case(2, [0: 0.4], other: 1, [], "NONE", label: 10, [0.6, 0.4]),
    Case(2, [0: 0.4], other: 1, [0.2], "NONE", label: 11, [0.4, 0.6]),
    Case(2, [0: 0.4], other: 1, [], "LOGISTIC", label: 10, [0.4013124, 0.5986876]),
    Case(2, [0: 0.4], other: 1, [], "SOFTMAX", label: 10, [0.6, 0.4]),
    Case(2, [0: 0.4], other: -1, [], "NONE", label: 11, [-0.4, 0.4]),
    Case(2, [0: 0.4], other: -1, [], "LOGISTIC", label: 11, [0.4013124, 0.5986876]),
    Case(2, [0: -0.4], other: -1, [0.1], "LOGISTIC", label: 10, [0.5744425, 0.4255575]),
    Case(2, [0: 0.4], other: -1, [], "SOFTMAX_ZERO", label: 11, [-0.4, 0.4]),
    Case(2, [0: 0.4], other: 1, [0.2, -0.3], "NONE", label: 11, [0.6, 0.0]),
    Case(2, [0: 0.4], other: -1, [0.2, -0.3], "SOFTMAX", label: 11, [0.6456563, 0.3543437]),
    Case(2, [0: 0.4], other: 1, [0.05, -0.3], "LOGISTIC", label: 10, [0.6106393, 0.5]),
    Case(2, [1: 0.4], other: 1, [], "NONE", label: 10, [0.0, 0.4]),
    Case(2, [1: 0.6], other: 1, [0.2], "SOFTMAX", label: 11, [0.3543437, 0.6456563]),
    Case(2, [1: 0.4], other: -1, [], "LOGISTIC", label: 11, [0.5, 0.5986876]),
    Case(2, [0: 0.4, 1: 0.3], other: 1, [], "NONE", label: 1, [0.4, 0.3]),
    Case(2, [0: 0.4, 1: -0.3], other: 1, [], "SOFTMAX", label: 0, [0.6681878, 0.3318122]),
    Case(2, [0: 0.4, 1: 0.3], other: 1, [0.2], "LOGISTIC", label: 1, [0.6456563, 0.5744425]),
    Case(2, [0: 0.4, 1: 0.3], other: 1, [0.2, -0.5], "NONE", label: 0, [0.1, -0.1]),
    Case(2, [0: 0.4, 1: 0.3], other: -1, [0.2, 0.5], "SOFTMAX", label: 1, [0.1418511, 0.8581489]),
    Case(3, [0: 0.4, 1: 0.3, 2: 0.5], other: 1, [], "SOFTMAX", label: 12, [0.332225, 0.3006096, 0.3671654]),
    Case(3, [0: 0.4, 1: 0.3, 2: 0.5], other: 1, [0.2, 0.1, -0.5], "NONE", label: 10, [0.6, 0.4, 0.0]),
    Case(3, [0: -0.4, 2: -0.5], other: 1, [], "NONE", label: 10, [-0.4, 0.0, -0.5]),
    Case(3, [0: -0.4, 2: -0.5], other: 1, [0, 0.1, 0], "LOGISTIC", label: 11, [0.4013124, 0.5249792, 0.3775406]),
    Case(3, [0: -0.4, 2: -0.5], other: 1, [], "SOFTMAX_ZERO", label: 10, [0.5249792, 0.0, 0.4750208]),
    Case(3, [0: 0.4, 1: 0.3, 2: 0.9], other: 1, [], "PROBIT", label: 12, [-0.2533535, -0.5244459, 1.281713]),
  ]

  private let row = Tensor([0] as [Float], shape: [1, 1])

  @Test(arguments: cases)
  func scoresAndLabelsAreThoseOfOnnxruntime(_ subject: Case) throws {
    let found = try Conversion("TreeEnsembleClassifier", row, subject.attributes, outputs: 2)
    #expect(found.outputs[0] == Tensor([subject.label]))
    #expect(found.outputs[1].shape == [1, subject.classes])
    expectClose(found.outputs[1], subject.scores)
    #expect(found.metadata["classes"] == (0..<subject.classes).map { String(10 + $0) })
  }

  @Test func textLabelsBecomeIndices() throws {
    for subject in Self.cases where subject.label >= 10 {
      var attributes = subject.attributes
      attributes["classlabels_int64s"] = nil
      attributes["classlabels_strings"] = .strings(["sell", "hold", "buy"].prefix(subject.classes).map { $0 })
      let found = try Conversion("TreeEnsembleClassifier", row, attributes, outputs: 2)
      #expect(found.outputs[0] == Tensor([subject.label - 10]))
      #expect(found.metadata["classes"] == Array(["sell", "hold", "buy"].prefix(subject.classes)))
    }
  }

  @Test func whatHasNoMeaningIsRefused() {
    var attributes = Self.cases[3].attributes
    func refuses(_ name: String, _ value: Attribute?) {
      var changed = attributes
      changed[name] = value
      #expect(throws: GraphError.self, "\(name)") { try Conversion("TreeEnsembleClassifier", row, changed, outputs: 2) }
    }
    refuses("post_transform", .string("PROBIT"))
    refuses("classlabels_int64s", nil)
    refuses("classlabels_strings", .strings(["a", "b"]))
    refuses("base_values", .floats([1, 2, 3]))
    refuses("class_ids", .ints([0, 2]))
    attributes = Self.cases[14].attributes
    refuses("base_values", .floats([1, 2]))
    attributes = Self.cases[22].attributes
    refuses("base_values", .floats([1]))
  }

  // MARK: - Linear models

  private let rows = Tensor([1, -2, 0.3, 0.4, 0, 0] as [Float], shape: [3, 2])

  @Test func theHighestScoreWins() throws {
    let attributes: [String: Attribute] = [
      "coefficients": .floats([0.5, 0.25, -0.5, 0.3, 1, 0.2]), "intercepts": .floats([0.1, 0.2, 0.15]),
      "classlabels_ints": .ints([7, 9, 1]), "post_transform": .string("SOFTMAX"),
    ]
    let found = try Conversion("LinearClassifier", rows, attributes, outputs: 2)
    #expect(found.outputs[0] == Tensor([1, 1, 9] as [Int64]))
    let scores: [[Double]] = [[0.1, -0.9, 0.75], [0.35, 0.17, 0.53], [0.1, 0.2, 0.15]]
    expectClose(
      found.outputs[1],
      scores.flatMap { row in
        let exponentials = row.map { exponential($0) }
        return exponentials.map { $0 / exponentials.reduce(0, +) }
      })
  }

  @Test func oneScoreStandsForTwoClasses() throws {
    var attributes: [String: Attribute] = [
      "coefficients": .floats([0.5, 0.25]), "intercepts": .floats([-0.2]), "classlabels_strings": .strings(["down", "up"]),
    ]
    let plain = try Conversion("LinearClassifier", rows, attributes, outputs: 2)
    #expect(plain.outputs[0] == Tensor([0, 1, 0] as [Int64]))
    expectClose(plain.outputs[1], [1.2, -0.2, 0.95, 0.05, 1.2, -0.2])
    attributes["post_transform"] = .string("LOGISTIC")
    let logistic = try Conversion("LinearClassifier", rows, attributes, outputs: 2)
    let up = [-0.2, 0.05, -0.2].map { 1 / (1 + exponential(-$0)) }
    expectClose(logistic.outputs[1], up.flatMap { [1 - $0, $0] })
  }

  @Test func regressorsOfSeveralTargets() throws {
    let attributes: [String: Attribute] = [
      "coefficients": .floats([0.5, 0.25, 0.1, 0.3]), "intercepts": .floats([0.4, 0.2]), "targets": .int(2),
    ]
    expectClose(try Conversion("LinearRegressor", rows, attributes).outputs[0], [0.4, -0.3, 0.65, 0.35, 0.4, 0.2])
    expectClose(
      try Conversion("LinearRegressor", Tensor([1, -2] as [Float]), attributes).outputs[0], [0.4, -0.3])
    for wrong in [["targets": Attribute.int(3)], ["targets": .int(0)], ["coefficients": .floats([])], ["intercepts": .floats([1])]] {
      #expect(throws: GraphError.self) {
        try Conversion("LinearRegressor", rows, attributes.merging(wrong) { $1 })
      }
    }
  }

  /// Taylor's series about 0, which for these arguments has converged after 30 terms.
  private func exponential(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for index in 1...30 {
      term *= x / Double(index)
      sum += term
    }
    return sum
  }
}
