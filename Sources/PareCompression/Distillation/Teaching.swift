import PareGraph
import PareModels
import PareTensor
import PareTraining

/// What a model learns from: labels, a teacher's scores, or both.
struct Teaching {
  /// What training needs beside the graph.
  struct Lesson {
    let training: TrainingData
    let validation: TrainingData?
    /// The tensor of the rows that says which belong together; nil where each stands alone.
    var groups: String?
    /// The loss of a model whose scores are the value of that name.
    let loss: (_ scores: String) -> any Loss
  }

  /// α, in `0 ... 1`: the share of the labels. With 1 no teacher is asked.
  let hardWeight: Scheduled
  let temperature: Temperature
  var target = DistillationTarget.softTargets
  var weighting = RowWeighting()
  var turnoverPenalty = 0.0
  var mixing: RowMixing?

  /// The tensor that holds the date of each row, where several rows have one.
  private static let dates = "groups"
  /// The tensor that holds the position before each row.
  private static let previous = "previousPosition"

  /// - Parameters:
  ///   - model: what is learned in place of; the teacher where the rows have no scores of one yet and the context has none.
  ///   - source: whose scores count.
  ///   - scores: of the graph that learns.
  func lesson(
    inPlaceOf model: Model, asking source: Distillation.Source = .original, scores: ModelScores, for technique: String,
    in context: CompressionContext
  ) throws -> Lesson {
    var rows = try context.trainingRows(for: technique)
    var validation = context.validation
    let asksTeacher = hardWeight != .constant(1) || turnoverPenalty > 0
    if let mixing { rows = try mixing.added(to: rows, seed: context.seed) }
    if asksTeacher, source == .previous || mixing != nil || rows[TeacherScores.input] == nil {
      let teacher =
        try source == .previous
        ? TeacherScores(model, isTheModel: true, kind: scores.kind)
        : TeacherScores(context.teacher ?? model, isTheModel: context.teacher == nil, kind: scores.kind)
      rows = try teacher.added(to: rows)
      validation = try validation.map { try teacher.added(to: $0) }
    }
    let classCount = scores.kind == .classes ? scores.rowDimensions.first?.fixedValue : nil
    (rows, validation) = try weighting.added(to: rows, validation, classCount: classCount)
    if asksTeacher, case .alpha = target { (rows, validation) = (try Self.alphas(rows), try validation.map(Self.alphas)) }
    if turnoverPenalty > 0, let classCount {
      (rows, validation) = (try Self.positions(rows, classCount), try validation.map { try Self.positions($0, classCount) })
    }
    let groups = rows[Self.dates] != nil && target.isRanking ? Self.dates : nil
    return Lesson(training: rows, validation: validation, groups: groups) { value in
      loss(of: value, kind: scores.kind, classCount: classCount, groups: groups)
    }
  }

  private func loss(of value: String, kind: ModelScores.Kind, classCount: Int?, groups: String?) -> any Loss {
    let weights = weighting.isUsed ? RowWeighting.input : nil
    var main: any Loss
    switch (kind, target) {
    case (_, .alpha(let alpha)):
      let soft = AlphaLoss(kind: alpha, scores: value, groups: groups)
      main = MixedLoss(
        share: hardWeight, hard: hard(of: value, kind, weights), soft: soft)
    case (.classes, .softTargets):
      let hard = CrossEntropy(logits: value, rowWeights: weights)
      switch temperature {
      case .scheduled(let schedule):
        main = DistillationLoss(hardWeight: hardWeight, temperature: schedule, hard: hard, teacherLogits: TeacherScores.input)
      case .learned(let bounds):
        main = CurriculumDistillation(
          temperatures: bounds, firstTemperature: temperature.last, hardWeight: hardWeight, hard: hard, teacherLogits: TeacherScores.input)
      }
      if hardWeight == .constant(1) { main = hard }
    case (.numbers, .softTargets):
      main = MixedLoss(
        share: hardWeight, hard: hard(of: value, kind, weights),
        soft: MeanSquaredError(prediction: value, target: TeacherScores.input, rowWeights: weights))
    case (.panel, .softTargets):
      main = MixedLoss(
        share: hardWeight, hard: hard(of: value, kind, weights),
        soft: CrossSectionRegression(prediction: value, target: TeacherScores.input))
    }
    guard turnoverPenalty > 0, let classCount else { return main }
    let penalty = TurnoverPenalty(
      logits: value, positions: Self.positions(of: classCount), previous: Self.previous, rowWeights: nil)
    return WeightedSum([(1, main), (turnoverPenalty, penalty)])
  }

  private func hard(of value: String, _ kind: ModelScores.Kind, _ weights: String?) -> any Loss {
    switch kind {
    case .classes: CrossEntropy(logits: value, rowWeights: weights)
    case .numbers: MeanSquaredError(prediction: value, target: "labels", rowWeights: weights)
    case .panel: CrossSectionRegression(prediction: value, target: "labels")
    }
  }

  private static func alphas(_ rows: TrainingData) throws -> TrainingData {
    try rows[TeacherScores.input].map { try rows.with(AlphaLoss.input, AlphaLoss.alphas(of: $0)) } ?? rows
  }

  /// From short to long, evenly.
  private static func positions(of classCount: Int) -> [Double] {
    (0..<classCount).map { 2 * Double($0) / Double(max(classCount - 1, 1)) - 1 }
  }

  /// The teacher's expected position at the row before each, where the rows do not say what it was.
  private static func positions(_ rows: TrainingData, _ classCount: Int) throws -> TrainingData {
    guard rows[previous] == nil, let scores = rows[TeacherScores.input], classCount > 1 else { return rows }
    let own = TurnoverPenalty.expectedPositions(of: scores, positions: positions(of: classCount)).values(as: Float.self)
    return try rows.with(previous, Tensor([Float(0)] + own.dropLast()))
  }
}

extension DistillationTarget {
  fileprivate var isRanking: Bool { self == .alpha(.ranking) || self == .alpha(.listwise) }
}
