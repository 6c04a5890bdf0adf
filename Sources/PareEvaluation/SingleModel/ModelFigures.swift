import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining

/// What models made from one are worth beside it, figure by figure (`Figure`), where there is no experiment.
///
/// Always what `Model.costs` says. With rows, and scores for classes: `agreement` and `decisions_changed`, the shares of rows
/// whose likeliest class is and is not the original's, and with labels `accuracy`; with scores of any kind `output_snr_db`.
/// Rows go through the execution plan one by one.
struct ModelFigures: Sendable {
  private let rows: TrainingData?
  private let original: [Double]

  /// - Parameter rows: inputs, and perhaps `labels`; of a graph that takes other than a row at a time they say nothing.
  init(of original: Model, on rows: TrainingData?) throws {
    let usable = rows.flatMap { original.graph.takesAnyNumberOfRows ? $0 : nil }
    self.rows = usable
    self.original = try usable.map { try Self.scores(of: original, on: $0)?.values ?? [] } ?? []
  }

  func measure(_ model: Model) throws -> [String: Double] {
    // Where an input is open in more than its rows, there may be no plan of one row.
    var figures = try model.costs(try? ExecutionPlan(model))
    guard let rows, let scores = try Self.scores(of: model, on: rows), scores.values.count == original.count else {
      return figures
    }
    figures[Figure.outputSNR] = ErrorMeasure(ofOutputs: scores.values, against: original, columns: scores.columns)
      .comparableDecibels
    guard scores.isClasses else { return figures }
    let (before, after) = (Self.likeliest(original, scores.columns), Self.likeliest(scores.values, scores.columns))
    let count = Double(max(after.count, 1))
    figures[Figure.agreement] = Double(zip(before, after).count { $0 == $1 }) / count
    figures[Figure.decisionsChanged] = Double(zip(before, after).count { $0 != $1 }) / count
    if let labels = rows["labels"], labels.elementType == .int64, labels.elementCount == after.count {
      figures[Figure.accuracy] = Double(zip(labels.values(as: Int64.self), after).count { Int($0) == $1 }) / count
    }
    return figures
  }

  private static func scores(
    of model: Model, on rows: TrainingData
  ) throws -> (values: [Double], columns: Int, isClasses: Bool)? {
    // Several outputs, none of which is known to hold scores.
    guard let scores = try? model.graph.scores() else { return nil }
    let inputs = rows.tensors.filter { name, _ in model.graph.inputs.contains { $0.name == name } }
    let tensor = try ModelPrediction(model, engine: .plan).run(inputs, output: scores.value)
    return (tensor.doubles, tensor.elementCount / max(rows.rowCount, 1), scores.kind == .classes)
  }

  /// Of each row the column of the largest number, the lowest among equals.
  private static func likeliest(_ values: [Double], _ columns: Int) -> [Int] {
    stride(from: 0, to: values.count, by: max(columns, 1)).map { first in
      (0..<columns).reduce(0) { values[first + $1] > values[first + $0] ? $1 : $0 }
    }
  }
}

extension Graph {
  /// Whether the extents that inputs leave open are those of their first axes, each one row of data.
  fileprivate var takesAnyNumberOfRows: Bool {
    inputs.allSatisfy { input in
      let open = input.type.dimensions.map { $0.fixedValue == nil }
      return open.first == true && !open.dropFirst().contains(true)
    }
  }
}
