import PareCompression

extension Recipe {
  /// The numbers that the last step which quantizes puts in the place of weights, in words; nil where none does.
  var precision: String? { steps.reversed().lazy.compactMap { $0.precisionWords }.first }
}
