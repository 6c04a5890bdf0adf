import PareCompression
import PareGraph
import PareModels
import PareTensor

/// How far two models agree on the same rows, each as it is deployed.
public struct OutputAgreement: Sendable, Encodable {
  /// An output that both have in the same form.
  public struct Output: Sendable, Encodable {
    public let name: String
    /// Of `b` against `a`, each column's mean, as `a` has it, taken off both.
    public let error: ErrorMeasure
  }

  /// What is compared as a decision.
  public enum Decision: String, Sendable, Encodable {
    /// The output `decision`, at each model's own thresholds.
    case decision
    /// The likeliest class.
    case likeliestClass = "likeliest class"
  }

  public let rows: Int
  /// Where the rows come from, in words.
  public let source: String
  public let outputs: [Output]
  /// nil where a model neither decides nor tells classes apart.
  public let decision: Decision?
  /// On how many rows both decide the same.
  public let decisionsEqual: Int?

  /// - Throws: an error that names the input that does not fit, or says that the models share no output.
  init(_ a: Model, _ b: Model, on rows: ComparedRows) throws {
    let (scoresA, scoresB) = (try? a.graph.scores(), try? b.graph.scores())
    // By the name that `a` gives a value, that of `b`.
    var pairs = a.graph.outputs.filter { own in b.graph.outputs.contains { $0.name == own.name } }.map { (a: $0.name, b: $0.name) }
    if let scoresA, let scoresB, scoresA.kind == scoresB.kind, !pairs.contains(where: { $0.a == scoresA.value }) {
      pairs.append((scoresA.value, scoresB.value))
    }
    guard !pairs.isEmpty else {
      throw EvaluationError(
        "outputs", subject: "compare", expected: "two models with an output in common",
        found: [a, b].map { $0.graph.outputs.map(\.name).joined(separator: ", ") }.joined(separator: " and "))
    }
    let left = try ModelPrediction(a).run(rows.inputs(of: a.graph), outputs: pairs.map(\.a))
    let right = try ModelPrediction(b).run(rows.inputs(of: b.graph), outputs: pairs.map(\.b))
    var outputs: [Output] = []
    var count = 0
    for pair in pairs {
      guard let reference = left[pair.a], let other = right[pair.b], reference.shape == other.shape else { continue }
      let extent = reference.shape.dimensions.first ?? 1
      count = max(count, extent)
      guard reference.elementType.isFloatingPoint, other.elementType.isFloatingPoint else { continue }
      outputs.append(
        Output(
          name: pair.a == pair.b ? pair.a : "\(pair.a) / \(pair.b)",
          error: ErrorMeasure(
            ofOutputs: other.doubles, against: reference.doubles, columns: reference.elementCount / max(extent, 1))))
    }
    self.rows = count
    source = rows.source
    self.outputs = outputs
    if let reference = left["decision"], let other = right["decision"], reference.elementCount == other.elementCount {
      (decision, decisionsEqual) = (.decision, zip(reference.doubles, other.doubles).count { $0 == $1 })
    } else if let scoresA, let scoresB, scoresA.kind == .classes, scoresB.kind == .classes,
      let reference = left[scoresA.value], let other = right[scoresB.value], reference.shape == other.shape
    {
      let columns = reference.elementCount / max(reference.shape.dimensions.first ?? 1, 1)
      let classes = [reference, other].map { Self.likeliest($0.doubles, columns) }
      (decision, decisionsEqual) = (.likeliestClass, zip(classes[0], classes[1]).count { $0 == $1 })
    } else {
      (decision, decisionsEqual) = (nil, nil)
    }
  }

  /// Of each row the column of the largest number, the lowest among equals.
  private static func likeliest(_ values: [Double], _ columns: Int) -> [Int] {
    stride(from: 0, to: values.count, by: max(columns, 1)).map { first in
      (0..<columns).reduce(0) { values[first + $1] > values[first + $0] ? $1 : $0 }
    }
  }
}
