import PareGraph
import PareInference

/// A figure of a model and the side on which it must stay.
struct BudgetLimit {
  let value: Double
  let isLeast: Bool
  let words: String

  func holds(_ figure: Double) -> Bool { isLeast ? figure >= value : figure <= value }
}

extension PrecisionBudget {
  /// Whether it says what may be spent, and not what must be kept.
  var boundsCost: Bool {
    switch self {
    case .bytes, .ratio, .latency: true
    case .outputSignalToNoise, .lossIncrease: false
    }
  }

  /// - Parameters:
  ///   - model: as it was before.
  ///   - reference: what it says of the rows that count.
  func limit(before model: Model, _ reference: ScoreReference) throws -> BudgetLimit {
    switch self {
    case .bytes(let bytes): most(Double(bytes))
    case .ratio(let ratio): most((ratio * Double(model.graph.storedByteCount)).rounded(.down))
    case .latency(let nanoseconds): most(nanoseconds)
    case .outputSignalToNoise(let decibels): BudgetLimit(value: decibels, isLeast: true, words: "at least \(words(decibels))")
    case .lossIncrease(let increase): most(try figure(of: model, reference) * (1 + increase))
    }
  }

  /// Bytes, nanoseconds, decibels or loss.
  func figure(of model: Model, _ reference: ScoreReference) throws -> Double {
    switch self {
    case .bytes, .ratio: Double(model.graph.storedByteCount)
    case .latency: try Self.estimate(of: model)
    case .outputSignalToNoise: try reference.error(of: model.graph).signalToNoiseDecibels ?? .infinity
    case .lossIncrease: try model.graph.labelLoss(on: reference.rows)
    }
  }

  func words(_ figure: Double) -> String {
    switch self {
    case .bytes, .ratio: "\(Int(figure)) bytes of parameters"
    case .latency: "\((figure * 10).rounded() / 10) ns by the cost table"
    case .outputSignalToNoise: "\((figure * 100).rounded() / 100) dB of the scores"
    case .lossIncrease: "a loss of \(Float(figure))"
    }
  }

  /// Nanoseconds by the cost table.
  static func estimate(of model: Model) throws -> Double {
    try ExecutionPlan.knownEstimate(of: model, for: "\(MixedPrecision.name): budget.\(Keys.latency.rawValue)")
  }

  private func most(_ value: Double) -> BudgetLimit { BudgetLimit(value: value, isLeast: false, words: "at most \(words(value))") }
}
