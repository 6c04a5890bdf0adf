import PareGraph
import PareTensor
import PareTraining

/// What of a teacher's scores a student learns: `soft-targets`, or `{alpha: huber}`.
public enum DistillationTarget: Sendable, Hashable {
  /// The teacher's probabilities.
  case softTargets
  /// How strongly the teacher expects the price to rise, one number a row; a portfolio layer makes positions of it.
  case alpha(AlphaLoss.Kind)
}

extension DistillationTarget: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case alpha
  }

  private enum Word: String, RecipeWord {
    case softTargets = "soft-targets"
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: Keys.self)) != nil {
      self = .alpha(try decoder.strictContainer(keyedBy: Keys.self).decode(AlphaLoss.Kind.self, forKey: .alpha))
    } else {
      _ = try Word(from: decoder)
      self = .softTargets
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .softTargets: try Word.softTargets.encode(to: encoder)
    case .alpha(let kind):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(kind, forKey: .alpha)
    }
  }
}

/// How far a student's alpha is from its teacher's. The alpha of a row of class scores is the score of the highest class less that of the
/// lowest, the log-odds of up against down; of a model that yields a number it is the number.
///
/// - Shapes: scores `[batch, K]`, the teacher's alphas an input `[batch, 1]`.
public struct AlphaLoss: Loss {
  public enum Kind: String, RecipeWord {
    /// Squared error.
    case mse
    /// Huber's, with δ = 1.
    case huber
    /// One less the correlation over a batch: order and proportion alone count.
    case correlation
    /// Of each pair of a date's cross-section (of a batch, where there is one symbol), which is the higher.
    case ranking
    /// The same by the whole list.
    case listwise
  }

  var kind: Kind
  /// The value that holds the scores.
  var scores: String
  /// The input that holds the date of each row; nil where a batch is one.
  var groups: String?

  /// The input that holds the teacher's alphas.
  static let input = "teacherAlphas"

  public var mixesRows: Bool { kind != .mse && kind != .huber }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: scores)
    guard type.rank == 2, let width = type.dimensions[1].fixedValue, width > 0 else {
      throw TrainingError("loss-input", subject: "value '\(scores)'", expected: "scores [batch, K]", found: "\(type)")
    }
    var value = scores
    if width > 1 {
      let ends = (0..<width).map { $0 == 0 ? -1.0 : $0 == width - 1 ? 1 : 0 }
      let direction = type.elementType == .float64 ? Tensor(ends, shape: [width, 1]) : Tensor(ends.map { Float($0) }, shape: [width, 1])
      value = try builder.apply("MatMul", [scores, builder.constant(direction, named: "alpha.direction")])
    }
    let loss: any Loss =
      switch kind {
      case .mse: MeanSquaredError(prediction: value, target: Self.input)
      case .huber: HuberLoss(prediction: value, target: Self.input)
      case .correlation: CorrelationLoss(prediction: value, target: Self.input)
      case .ranking: RankingLoss(prediction: value, target: Self.input, groups: groups)
      case .listwise: RankingLoss(prediction: value, target: Self.input, groups: groups, form: .listwise)
      }
    return try loss.append(to: &builder)
  }

  /// The alphas of a teacher's scores.
  static func alphas(of scores: Tensor) -> Tensor {
    let width = scores.shape.rank == 2 ? scores.shape[1] : 1
    let values = scores.doubles
    let alphas = stride(from: 0, to: values.count, by: width).map { Float(width == 1 ? values[$0] : values[$0 + width - 1] - values[$0]) }
    return Tensor(alphas, shape: [alphas.count, 1])
  }
}
