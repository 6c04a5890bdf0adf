import PareGraph
import PareModels
import PareTensor
import PareTraining
import RealModule

/// What trees and tables learn from: what a student is fed, row by row, and the numbers that it is to answer with.
///
/// Of classes these are log-odds: of two classes one column, of the second against the first; of K a column each, against
/// the geometric mean of all. They are T times those of `(1 − α) · softmax(t / T) + α · label`, so that a student takes
/// them for logits as they are. A probability counts as at least `floor`, lest a few sure rows outweigh all others. Of
/// numbers they are `(1 − α) · t + α · label`.
struct ScoreTargets {
  /// The least probability of a class.
  static let floor = 0.001

  /// Float32 `[rows, features]`, windows laid out in one row.
  let features: Tensor
  /// `[rows, columns]`.
  let numbers: [Float]
  let columns: Int
  /// Whether the one column is the log-odds of the second of two classes.
  let isBinary: Bool

  var rowCount: Int { features.shape[0] }

  /// - Parameters:
  ///   - model: what is learned in place of; the teacher where the context has none. Rows with a tensor `teacherScores`
  ///     are taught by that.
  ///   - scores: of the model.
  init(
    inPlaceOf model: Model, scores: ModelScores, hardWeight: Double, temperature: Double, for technique: String,
    in context: CompressionContext
  ) throws {
    let rows = try context.trainingRows(for: technique)
    features = try Self.features(rows, of: model.graph)
    var taught = rows
    if hardWeight < 1, rows[TeacherScores.input] == nil {
      taught = try TeacherScores(context.teacher ?? model, isTheModel: context.teacher == nil, kind: scores.kind).added(to: rows)
    }
    guard scores.rowDimensions.count == 1, let width = scores.rowDimensions[0].fixedValue else {
      throw CompressionError(
        "no-student", subject: "value '\(scores.value)' of model '\(model.graph.name)'", expected: "scores [batch, K]",
        found: "\(scores.rowDimensions)")
    }
    let teacher = hardWeight < 1 ? try Self.numbers(taught, TeacherScores.input, width: width) : nil
    switch scores.kind {
    case .panel:
      throw CompressionError(
        "no-student", subject: technique, expected: "scores [batch, K]", found: "a panel's, of many symbols", category: .usage)
    case .numbers:
      let labels = hardWeight > 0 ? try Self.numbers(rows, "labels", width: width) : nil
      numbers = (0..<rows.rowCount * width).map { index in
        Float((1 - hardWeight) * Double(teacher?[index] ?? 0) + hardWeight * Double(labels?[index] ?? 0))
      }
      (columns, isBinary) = (width, false)
    case .classes:
      let labels = hardWeight > 0 ? try Self.classes(rows, count: width) : nil
      (columns, isBinary) = width == 2 ? (1, true) : (width, false)
      var numbers: [Float] = []
      for row in 0..<rows.rowCount {
        var odds = [Double](repeating: 0, count: width)
        if let teacher { odds = Self.softmax(teacher[row * width..<(row + 1) * width].map { Double($0) / temperature }) }
        for k in odds.indices { odds[k] = (1 - hardWeight) * odds[k] + (labels.map { $0[row] == k } == true ? hardWeight : 0) }
        let logarithms = odds.map { temperature * .log(max($0, Self.floor)) }
        let mean = logarithms.reduce(0, +) / Double(width)
        numbers += isBinary ? [Float(logarithms[1] - logarithms[0])] : logarithms.map { Float($0 - mean) }
      }
      self.numbers = numbers
    }
    guard numbers.allSatisfy(\.isFinite) else {
      throw CompressionError("non-finite-value", subject: technique, expected: "finite scores of the teacher", found: "others")
    }
  }

  /// What a student of the model is fed.
  private static func features(_ rows: TrainingData, of graph: Graph) throws -> Tensor {
    let start = StudentGraph.start(of: graph, try graph.inferredTypes())
    let isInput = graph.inputs.contains { $0.name == start }
    let found = isInput ? rows[start] : try Scorer(graph, outputs: [start]).run(rows)[start]
    guard let tensor = found, tensor.elementType == .float32, tensor.elementCount > 0 else {
      throw CompressionError(
        "missing-data", subject: "tensor '\(start)'", expected: "float32 rows",
        found: found.map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none", category: .usage)
    }
    return tensor.reshaped(to: [rows.rowCount, tensor.elementCount / rows.rowCount])
  }

  private static func numbers(_ rows: TrainingData, _ name: String, width: Int) throws -> [Float] {
    guard let tensor = rows[name], tensor.elementType == .float32, tensor.elementCount == rows.rowCount * width else {
      throw CompressionError(
        "missing-data", subject: "tensor '\(name)'", expected: "float32[\(rows.rowCount), \(width)]",
        found: rows[name].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none", category: .usage)
    }
    return tensor.values(as: Float.self)
  }

  private static func classes(_ rows: TrainingData, count: Int) throws -> [Int64] {
    guard let tensor = rows["labels"], tensor.elementType == .int64, tensor.elementCount == rows.rowCount else {
      throw CompressionError(
        "missing-data", subject: "tensor 'labels'", expected: "int64[\(rows.rowCount)]",
        found: rows["labels"].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none", category: .usage)
    }
    let labels = tensor.values(as: Int64.self)
    guard labels.allSatisfy({ (0..<Int64(count)).contains($0) }) else {
      throw CompressionError("missing-data", subject: "tensor 'labels'", expected: "classes in 0 ..< \(count)", found: "others")
    }
    return labels
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let peak = logits.max() ?? 0
    let exponentials = logits.map { Double.exp($0 - peak) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
