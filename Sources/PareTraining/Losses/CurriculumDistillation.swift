import PareGraph
import PareTensor
import RealModule

/// `DistillationLoss` whose temperature is learned against the student: it moves to where the soft part is larger, so that
/// what the student has to learn grows harder, the more so as the reversal grows stronger.
///
/// `log T = log T_low + (log T_high − log T_low) · sigmoid(θ)` with a trainable scalar θ, behind which the gradient turns
/// round with a strength λ. The temperature stays between its bounds whatever θ is, and the trained graph has no θ
/// (`TrainingResult.lossParameters` has it). The validation loss is taken at the first temperature, so that epochs can be
/// compared.
///
/// - Shapes: as `DistillationLoss`.
/// - Source: Li et al. 2023, arXiv:2211.16231, §3.2 and 3.3: the global temperature, there `τ_init + τ_range · sigmoid(θ)`.
public struct CurriculumDistillation: Loss {
  /// T_low and T_high, above 0.
  public var temperatures: ClosedRange<Double>
  /// T before the first step, strictly between the bounds.
  public var firstTemperature: Double
  /// λ, at least 0.
  public var strength: Scheduled
  /// α, in `0 ... 1`: the share of the labels.
  public var hardWeight: Scheduled
  public var hard: CrossEntropy
  public var teacherLogits: String

  public init(
    temperatures: ClosedRange<Double> = 1...20, firstTemperature: Double = 2,
    strength: Scheduled = .cosine(from: 0, to: 1), hardWeight: Scheduled = .constant(0.1),
    hard: CrossEntropy = CrossEntropy(), teacherLogits: String = "teacherLogits"
  ) {
    self.temperatures = temperatures
    self.firstTemperature = firstTemperature
    self.strength = strength
    self.hardWeight = hardWeight
    self.hard = hard
    self.teacherLogits = teacherLogits
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let (low, high) = (temperatures.lowerBound, temperatures.upperBound)
    guard low > 0, high.isFinite, low < firstTemperature, firstTemperature < high else {
      throw TrainingError(
        "temperature", subject: "temperature", expected: "a first one between positive bounds",
        found: "\(firstTemperature) in \(low) ... \(high)", category: .usage)
    }
    try strength.validate("strength", "reversal", "a strength of at least 0") { $0 >= 0 && $0.isFinite }
    try hardWeight.validate("hard-weight", "hard weight", "a fraction in 0 ... 1") { (0...1).contains($0) }
    let (start, range) = (Double.log(firstTemperature / low), Double.log(high / low))
    let first = Double.log(start / (range - start))
    let name = builder.freshValueName("curriculum.temperature")
    let theta = try builder.parameter(name, Tensor(scalar: Float(first)), isTrainable: true)
    let scalar: String =
      switch try builder.factor(strength, like: theta) {
      case .number(let number): try builder.number(number, like: theta)
      case .value(let value): value
      }
    let opposed = try builder.apply(ReverseGradient.name, [theta, scalar])
    let place = try builder.scaled(builder.apply("Sigmoid", [opposed]), by: range)
    // At rest the first temperature, in a step the learned one.
    let activity = try TrainingSignal.activity.append(to: &builder, like: theta)
    let moved = try builder.product(activity, builder.shifted(place, by: -start))
    let temperature = try builder.apply("Exp", [builder.shifted(moved, by: Double.log(firstTemperature))])
    let soft = KullbackLeibler(logits: hard.logits, teacherLogits: teacherLogits, rowWeights: hard.rowWeights)
    return try soft.mixed(with: hard, share: hardWeight, temperature: .value(temperature), in: &builder)
  }

  /// The temperature that a trained θ stands for, as `TrainingResult.lossParameters["curriculum.temperature"]` has it.
  public func temperature(of theta: Double) -> Double {
    let (low, high) = (temperatures.lowerBound, temperatures.upperBound)
    return low * Double.pow(high / low, 1 / (1 + Double.exp(-theta)))
  }
}
