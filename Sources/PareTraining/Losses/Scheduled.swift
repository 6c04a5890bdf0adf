import PareGraph
import PareTensor
import RealModule

/// A number of a loss that moves while training goes on, as a temperature or a share: a function of the share of all steps
/// that is done, 0 in the first and 1 in the last, and of nothing else.
///
/// So a run that is resumed goes on where it was, and one that is stopped early has seen a part of the way. The validation
/// loss is always taken with the last value, so that epochs can be compared.
public enum Scheduled: Sendable, Hashable, Codable {
  case constant(Double)
  /// Evenly from one to the other, where it is after the share `by` of training.
  case linear(from: Double, to: Double, by: Double = 1)
  /// Half a wave of the cosine from one to the other, where it is after the share `by` of training.
  case cosine(from: Double, to: Double, by: Double = 1)
  /// One, and the other from the share `at` of training on.
  case step(from: Double, to: Double, at: Double)

  /// The value when a share of training is done, in `0 ... 1`.
  public func value(at progress: Double) -> Double {
    switch self {
    case .constant(let value): value
    case .linear(let from, let to, let end): from + (to - from) * min(progress / end, 1)
    case .cosine(let from, let to, let end): to + (from - to) * (1 + Double.cos(.pi * min(progress / end, 1))) / 2
    case .step(let from, let to, let start): progress >= start ? to : from
    }
  }

  /// The first and the last value, between which all others lie.
  var bounds: (first: Double, last: Double) {
    switch self {
    case .constant(let value): (value, value)
    case .linear(let from, let to, _), .cosine(let from, let to, _), .step(let from, let to, _): (from, to)
    }
  }

  /// - Throws: `training.` and the code, category usage, where a value is not as expected or a share is not one.
  func validate(_ code: String, _ subject: String, _ expected: String, _ isValid: (Double) -> Bool) throws {
    let (first, last) = bounds
    guard isValid(first), isValid(last) else {
      throw TrainingError(
        code, subject: subject, expected: expected, found: first == last ? "\(first)" : "\(first) to \(last)", category: .usage)
    }
    switch self {
    case .constant: break
    case .linear(_, _, let share), .cosine(_, _, let share), .step(_, _, let share):
      guard share > 0, share <= 1 else {
        throw TrainingError(
          code, subject: "\(subject): schedule", expected: "a share of training above 0, at most 1", found: "\(share)",
          category: .usage)
      }
    }
  }
}

/// What a training step tells a graph: parameters of these names, scalars of Float32, which training alone changes. At
/// rest, as where validation rows are scored, they have the values under which a loss is what it is in the end.
enum TrainingSignal: String, CaseIterable {
  /// The share of all steps that is done; 1 at rest.
  case progress = "training.progress"
  /// 1 in a step of training; 0 at rest.
  case activity = "training.activity"

  private var atRest: Float { self == .progress ? 1 : 0 }

  /// The value that holds it, in the element type of another; added where the graph lacks it.
  ///
  /// - Throws: `training.loss-input` where something else has its name.
  func append(to builder: inout GraphBuilder, like value: String) throws -> String {
    if let existing = builder.graph.parameters[rawValue] {
      guard !existing.isTrainable, existing.storage.elementType == .float32, existing.storage.shape.rank == 0 else {
        throw TrainingError(
          "loss-input", subject: "parameter '\(rawValue)'", expected: "a name that training may use", found: "a model's parameter")
      }
    } else {
      _ = try builder.parameter(rawValue, Tensor(scalar: atRest), isTrainable: false)
    }
    let type = try builder.type(of: value).elementType
    return type == .float32 ? rawValue : try builder.apply("Cast", [rawValue], attributes: ["to": .int(type.onnxDataType)])
  }
}

/// A number of a loss: known, or a scalar of the graph.
enum LossFactor {
  case number(Double)
  case value(String)
}

extension GraphBuilder {
  /// A scheduled number, of a value's element type where it moves.
  mutating func factor(_ scheduled: Scheduled, like value: String) throws -> LossFactor {
    if case .constant(let number) = scheduled { return .number(number) }
    let progress = try TrainingSignal.progress.append(to: &self, like: value)
    func share(by end: Double) throws -> String {
      let share = try scaled(progress, by: 1 / end)
      return try apply("Clip", [share, "", number(1, like: share)])
    }
    let part: String
    let (from, to) = scheduled.bounds
    switch scheduled {
    case .constant: return .number(from)
    case .linear(_, _, let end): part = try share(by: end)
    case .cosine(_, _, let end):
      let wave = try apply("Cos", [scaled(share(by: end), by: .pi)])
      part = try shifted(scaled(wave, by: -0.5), by: 0.5)
    case .step(_, _, let start):
      // In floating point, since a comparison of what no gradient moves would be taken for a constant. Steps lie further
      // apart than 2⁻³⁰.
      let distance = try scaled(shifted(progress, by: -start), by: 0x1p30)
      part = try apply("Clip", [shifted(distance, by: 1), number(0, like: progress), number(1, like: progress)])
    }
    return .value(try shifted(scaled(part, by: to - from), by: from))
  }

  mutating func scaled(_ value: String, by factor: LossFactor) throws -> String {
    switch factor {
    case .number(let number): try scaled(value, by: number)
    case .value(let scalar): try product(value, scalar)
    }
  }

  mutating func scaled(_ value: String, byInverseOf factor: LossFactor) throws -> String {
    switch factor {
    case .number(let number): try scaled(value, by: 1 / number)
    case .value(let scalar): try quotient(value, scalar)
    }
  }

  mutating func complement(of factor: LossFactor) throws -> LossFactor {
    switch factor {
    case .number(let number): .number(1 - number)
    case .value(let scalar): .value(try difference(of: number(1, like: scalar), and: scalar))
    }
  }
}
