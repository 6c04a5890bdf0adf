/// Names of the figures that steps of a recipe report and that limits of techniques may name. Every one is a number; one that
/// is not defined is left out; what is infinite can be compared, but is written nowhere.
enum Figure {
  static let accuracy = "accuracy"
  static let skill = "skill"
  static let logLoss = "log_loss"
  static let agreement = "agreement"
  static let decisionsChanged = "decisions_changed"
  static let missed = "missed"
  static let `false` = "false"
  static let reversed = "reversed"
  static let netReturn = "net_return"
  static let sharpe = "sharpe"
  static let outputSNR = "output_snr_db"
  static let bytes = "bytes"
  static let nonZeros = "non_zeros"
  static let multiplyAdds = "multiply_adds"
  static let estimate = "estimate_ns"
  static let latency = "latency_ns"
}
