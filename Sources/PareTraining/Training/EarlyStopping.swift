/// Remembers the best epoch and when to give up.
struct EarlyStopping: Equatable {
  private let patience: Int?
  private let minimumImprovement: Double
  var bestLoss: Double?
  /// From 1; 0 before the first.
  var bestEpoch = 0

  init(patience: Int?, minimumImprovement: Double) {
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  /// Takes an epoch in. Without a validation loss the latest epoch is the best.
  mutating func isBest(_ record: EpochRecord) -> Bool {
    if let loss = record.validationLoss {
      if let bestLoss, !(loss < bestLoss - minimumImprovement) { return false }
      bestLoss = loss
    }
    bestEpoch = record.epoch
    return true
  }

  func hasRunOut(at epoch: Int) -> Bool {
    guard let patience, bestLoss != nil else { return false }
    return epoch - bestEpoch >= patience
  }
}
