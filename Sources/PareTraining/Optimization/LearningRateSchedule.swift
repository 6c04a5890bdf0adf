import PareTensor
import RealModule

/// How the learning rate moves while training goes on: a factor on the optimizer's rate, which is a function of the step
/// and of nothing else but, for a plateau, how often the validation loss has stood still.
///
/// Weight decay that is decoupled moves with the rate, as in AdamW.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
  /// What happens once the warm-up is over.
  public enum Decay: Sendable, Hashable, Codable {
    case constant
    /// Multiplied by `factor` after every so many epochs.
    case step(every: Int = 10, factor: Double = 0.1)
    /// Half a wave of the cosine, from 1 down to `floor` at the end of training.
    /// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    case cosine(floor: Double = 0)
    /// Multiplied by `factor` when the validation loss (the training loss, where there are no validation rows) was not
    /// better for `patience` epochs, down to `floor`.
    case plateau(factor: Double = 0.5, patience: Int = 3, floor: Double = 1e-3)
  }

  public var decay: Decay
  /// Steps over which the rate rises evenly to its full height: `(step + 1) / warmUp`. The decay begins behind them.
  public var warmUp: Int

  public init(_ decay: Decay = .constant, warmUp: Int = 0) {
    self.decay = decay
    self.warmUp = warmUp
  }

  /// The factor on the learning rate in a step.
  ///
  /// - Parameters:
  ///   - step: from 0, over all epochs.
  ///   - reductions: how often a plateau has lowered the rate.
  public func factor(step: Int, stepsPerEpoch: Int, epochs: Int, reductions: Int = 0) -> Double {
    if step < warmUp { return Double(step + 1) / Double(warmUp) }
    let behind = step - warmUp
    switch decay {
    case .constant: return 1
    case .step(let every, let factor):
      return Double.pow(factor, behind / max(every * stepsPerEpoch, 1))
    case .cosine(let floor):
      let length = max(epochs * stepsPerEpoch - warmUp, 1)
      let share = min(Double(behind) / Double(length), 1)
      return floor + (1 - floor) * (1 + Double.cos(Double.pi * share)) / 2
    case .plateau(let factor, _, let floor): return max(Double.pow(factor, reductions), floor)
    }
  }

  /// - Throws: `training.setting`, category usage, naming what is out of range.
  public func validate() throws {
    func check(_ name: String, _ value: some CustomStringConvertible, _ isValid: Bool, _ expected: String) throws {
      guard isValid else {
        throw TrainingError(
          "setting", subject: "schedule: \(name)", expected: expected, found: value.description, category: .usage)
      }
    }
    try check("warm-up", warmUp, (0...Self.longest).contains(warmUp), "a number of steps in 0 ... \(Self.longest)")
    switch decay {
    case .constant: break
    case .step(let every, let factor):
      try check("every", every, (1...Self.longest).contains(every), "a number of epochs in 1 ... \(Self.longest)")
      try check("factor", factor, factor > 0 && factor <= 1, "a number above 0, at most 1")
    case .cosine(let floor):
      try check("floor", floor, (0...1).contains(floor), "a number in 0 ... 1")
    case .plateau(let factor, let patience, let floor):
      try check("factor", factor, factor > 0 && factor < 1, "a number above 0 and below 1")
      try check("patience", patience, patience >= 1, "at least 1")
      try check("floor", floor, (0...1).contains(floor), "a number in 0 ... 1")
    }
  }

  /// Far beyond any training, and products of such numbers of steps and epochs still fit.
  private static let longest = 1 << 30
}

/// Counts the epochs that bring nothing better, and how often the rate was lowered for it.
struct Plateau: Equatable {
  private let patience: Int?
  var bestLoss = Double.infinity
  var epochsWithoutBetter = 0
  var reductions = 0

  init(_ schedule: LearningRateSchedule) {
    if case .plateau(_, let patience, _) = schedule.decay { self.patience = patience } else { patience = nil }
  }

  /// Takes an epoch in.
  mutating func observe(_ record: EpochRecord) {
    guard let patience else { return }
    let loss = record.validationLoss ?? record.trainingLoss
    if loss < bestLoss {
      bestLoss = loss
      epochsWithoutBetter = 0
    } else {
      epochsWithoutBetter += 1
      if epochsWithoutBetter == patience {
        reductions += 1
        epochsWithoutBetter = 0
      }
    }
  }
}
