import PareGraph
import PareModels
import PareTraining

/// What a model learns from: labels, a teacher's scores, or both.
struct Teaching {
  /// What training needs beside the graph.
  struct Lesson {
    let training: TrainingData
    let validation: TrainingData?
    let loss: any Loss
  }

  /// α, in `0 ... 1`: the share of the labels. With 1 no teacher is asked.
  let hardWeight: Double
  /// T, above 0.
  let temperature: Double

  /// - Parameters:
  ///   - model: what is learned in place of; the teacher where the rows have no scores of one yet and the context has none.
  ///   - scores: of the graph that learns.
  func lesson(
    inPlaceOf model: Model, scores: ModelScores, for technique: String, in context: CompressionContext
  ) throws -> Lesson {
    var rows = try context.trainingRows(for: technique)
    var validation = context.validation
    if hardWeight < 1, rows[TeacherScores.input] == nil {
      let teacher = try TeacherScores(context.teacher ?? model, isTheModel: context.teacher == nil, kind: scores.kind)
      rows = try teacher.added(to: rows)
      validation = try validation.map { try teacher.added(to: $0) }
    }
    return Lesson(training: rows, validation: validation, loss: loss(for: scores))
  }

  private func loss(for scores: ModelScores) -> any Loss {
    switch scores.kind {
    case .classes:
      return DistillationLoss(
        hardWeight: hardWeight, temperature: temperature, hard: CrossEntropy(logits: scores.value),
        teacherLogits: TeacherScores.input)
    case .numbers:
      let hard = (hardWeight, MeanSquaredError(prediction: scores.value, target: "labels"))
      let soft = (1 - hardWeight, MeanSquaredError(prediction: scores.value, target: TeacherScores.input))
      return WeightedSum([hard, soft].filter { $0.0 > 0 })
    }
  }
}
