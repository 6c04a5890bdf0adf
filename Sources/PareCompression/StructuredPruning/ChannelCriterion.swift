/// How much a channel matters. In recipes a word.
public enum ChannelCriterion: String, RecipeWord {
  /// Σ |w| of the weights that make it (Li et al. 2017, arXiv:1608.08710).
  case l1
  /// √(Σ w²) of the weights that make it.
  case l2
  /// Mean magnitude of what it holds over the training part.
  case activationMean = "activation-mean"
  /// Variance of what it holds over the training part: a channel that never changes is a bias.
  case activationVariance = "activation-variance"
  /// Share of rows in which it is not zero (Hu et al. 2016, arXiv:1607.03250).
  case nonZero = "non-zero"
  /// √(Σ w²) of the weights that read it times the root mean square of what they read over the training part (Sun et al. 2023,
  /// arXiv:2306.11695, summed over what reads it).
  case weightedActivation = "weighted-activation"
  /// Σ (Σ g · w)² over pieces of the training part, with the loss's gradient g of every weight that goes with it: what the loss
  /// loses, to first order (Molchanov et al. 2019, arXiv:1906.10771).
  case taylor
  /// |γ| of the batch normalization behind it (Liu et al. 2017, arXiv:1708.06519).
  case normalizationScale = "normalization-scale"

  /// Whether rows of the training part are looked at.
  var needsRows: Bool {
    switch self {
    case .l1, .l2, .normalizationScale: false
    case .activationMean, .activationVariance, .nonZero, .weightedActivation, .taylor: true
    }
  }
}
