import PareTensor

/// The rule by which a gradient changes the parameters, with its settings.
///
/// Weight decay applies to parameters of rank 2 and more: weights, not biases.
public enum Optimizer: Sendable, Hashable, Codable {
  /// Stochastic gradient descent, with momentum `v ← momentum · v + g`, `p ← p − learningRate · v`.
  /// Weight decay adds `weightDecay · p` to the gradient.
  case sgd(learningRate: Double, momentum: Double = 0, weightDecay: Double = 0)
  /// Kingma and Ba 2015, arXiv:1412.6980. Weight decay adds `weightDecay · p` to the gradient.
  case adam(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0)
  /// Adam with decoupled weight decay, `p ← p · (1 − learningRate · weightDecay)`: Loshchilov and Hutter 2019,
  /// arXiv:1711.05101.
  case adamW(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 1e-2)
  /// Adam with a rate for each parameter tensor, for large batches: with Adam's direction `r` and
  /// `u = r + weightDecay · p`, `p ← p − learningRate · ‖p‖/‖u‖ · u`, the ratio 1 where one of the two norms is 0.
  /// You et al. 2020, arXiv:1904.00962, algorithm 2 with φ(z) = z.
  case lamb(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6,
    weightDecay: Double = 1e-2)

  /// - Throws: `training.optimizer`, category usage, naming the setting that is out of range.
  func validate() throws {
    func check(_ name: String, _ value: Double, _ isValid: Bool, _ expected: String) throws {
      guard isValid else {
        throw TrainingError(
          "optimizer", subject: "optimizer: \(name)", expected: expected, found: "\(value)", category: .usage)
      }
    }
    func checkRate(_ rate: Double, _ decay: Double) throws {
      try check("learning rate", rate, rate > 0 && rate.isFinite, "a positive number")
      try check("weight decay", decay, decay >= 0 && decay.isFinite, "a number of at least 0")
    }
    switch self {
    case .sgd(let rate, let momentum, let decay):
      try checkRate(rate, decay)
      try check("momentum", momentum, (0..<1).contains(momentum), "a number in 0 ..< 1")
    case .adam(let rate, let beta1, let beta2, let epsilon, let decay),
      .adamW(let rate, let beta1, let beta2, let epsilon, let decay),
      .lamb(let rate, let beta1, let beta2, let epsilon, let decay):
      try checkRate(rate, decay)
      try check("beta1", beta1, (0..<1).contains(beta1), "a number in 0 ..< 1")
      try check("beta2", beta2, (0..<1).contains(beta2), "a number in 0 ..< 1")
      try check("epsilon", epsilon, epsilon > 0 && epsilon.isFinite, "a positive number")
    }
  }
}
