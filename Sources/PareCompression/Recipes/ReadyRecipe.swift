/// Recipes by name: for classes of strategy by what a decision may take, and for the smallest file.
///
/// None needs labels: where something is trained, it learns from the model as it was.
public enum ReadyRecipe: String, CaseIterable, Sendable {
  /// Below a microsecond.
  case highFrequency = "hft"
  /// Within 10 µs.
  case tenMicroseconds = "10us"
  /// Market making: within 100 µs.
  case marketMaking = "market-making"
  /// Within a millisecond.
  case millisecond = "1ms"
  /// Statistical arbitrage: within 10 ms.
  case statisticalArbitrage = "stat-arb"
  /// Within 100 ms.
  case hundredMilliseconds = "100ms"
  /// Swing trading, where only what the model costs to keep matters: as `deepCompression`.
  case swing
  /// Pruned in rounds, shared and coded, in the fewest bytes: 256 values for a convolution, 32 for other layers.
  ///
  /// - Source: Han et al. 2016, arXiv:1510.00149.
  case deepCompression = "deep-compression"

  /// Nanoseconds that a decision may take; nil where time does not matter.
  public var latencyNanoseconds: Double? {
    switch self {
    case .highFrequency: 1e3
    case .tenMicroseconds: 1e4
    case .marketMaking: 1e5
    case .millisecond: 1e6
    case .statisticalArbitrage: 1e7
    case .hundredMilliseconds: 1e8
    case .swing, .deepCompression: nil
    }
  }

  public var recipe: Recipe {
    guard let latency = latencyNanoseconds else {
      return Recipe(rawValue) {
        Pruning(sparsity: 0.8, rounds: 3, fineTuning: Self.fineTuning)
        WeightSharing(bits: 5, convolutionBits: 8, fineTuning: Self.fineTuning)
        EntropyCoding()
      }
    }
    // The table says what a decision takes in the middle; its slowest hundredth takes half as long again, and more where it is short.
    let limit = 0.6 * latency
    return Recipe(rawValue) {
      // Channels go until integers, a third of the time at the least, will fit.
      StructuredPruning(.latency(nanoseconds: 3 * limit), compensates: true, rounds: 2, fineTuning: Self.fineTuning)
      MixedPrecision(
        [QuantizationScheme(.int8)], budget: .latency(nanoseconds: limit), calibration: .meanSquaredError, recurrent: .integers)
    }
  }

  private static let fineTuning = FineTuning(TrainingSchedule(epochs: 10, learningRate: 3e-4), hardWeight: 0)
}
