/// How a weight between two integers is brought to one of them.
///
/// In recipes `half-to-even`, `half-away-from-zero`, `stochastic`, `{gptq: {damping: 0.01}}` or
/// `{adaround: {iterations: 1000}}`.
public enum WeightRounding: Sendable, Hashable {
  /// To the nearest, ties to the even one.
  case halfToEven
  /// To the nearest, ties away from zero.
  case halfAwayFromZero
  /// Up or down by chance, in proportion to what is left: right on average, within a whole step. Drawn under the seed.
  case stochastic
  /// One input after another, the error of each made up for by those that follow (`OptimalBrainQuantizer`).
  case gptq(damping: Double)
  /// Up or down as costs the layer's output least, found by gradient descent (`AdaptiveRounding`).
  case adaptive(iterations: Int)

  /// Whether it looks at what the layer's inputs are on the training part.
  var needsInputs: Bool {
    switch self {
    case .gptq, .adaptive: true
    default: false
    }
  }

  func validate(at path: ParameterPath) throws {
    switch self {
    case .halfToEven, .halfAwayFromZero, .stochastic: break
    case .gptq(let damping):
      try path.key(Method.gptq).key(GPTQKeys.damping).require(
        damping > 0 && damping <= 1, expected: "a fraction above 0 and up to 1", found: damping)
    case .adaptive(let iterations):
      try path.key(Method.adaround).key(AdaRoundKeys.iterations).require(
        (1...100_000).contains(iterations), expected: "a number in 1 ... 100000", found: iterations)
    }
  }
}

extension WeightRounding: Codable {
  private enum Word: String, RecipeWord {
    case halfToEven = "half-to-even"
    case halfAwayFromZero = "half-away-from-zero"
    case stochastic
  }

  private enum Method: String, CodingKey, CaseIterable {
    case gptq, adaround
  }

  private enum GPTQKeys: String, CodingKey, CaseIterable {
    case damping
  }

  private enum AdaRoundKeys: String, CodingKey, CaseIterable {
    case iterations
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
      switch try Word(from: decoder) {
      case .halfToEven: self = .halfToEven
      case .halfAwayFromZero: self = .halfAwayFromZero
      case .stochastic: self = .stochastic
      }
      return
    }
    let (container, method) = try decoder.alternative(keyedBy: Method.self)
    let parameters = try container.superDecoder(forKey: method)
    switch method {
    case .gptq:
      let keys = try parameters.strictContainer(keyedBy: GPTQKeys.self)
      self = .gptq(damping: try keys.decodeIfPresent(Double.self, forKey: .damping) ?? 0.01)
    case .adaround:
      let keys = try parameters.strictContainer(keyedBy: AdaRoundKeys.self)
      self = .adaptive(iterations: try keys.decodeIfPresent(Int.self, forKey: .iterations) ?? 1000)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .halfToEven: try Word.halfToEven.encode(to: encoder)
    case .halfAwayFromZero: try Word.halfAwayFromZero.encode(to: encoder)
    case .stochastic: try Word.stochastic.encode(to: encoder)
    case .gptq(let damping):
      var container = encoder.container(keyedBy: Method.self)
      var parameters = container.nestedContainer(keyedBy: GPTQKeys.self, forKey: .gptq)
      try parameters.encode(damping, forKey: .damping)
    case .adaptive(let iterations):
      var container = encoder.container(keyedBy: Method.self)
      var parameters = container.nestedContainer(keyedBy: AdaRoundKeys.self, forKey: .adaround)
      try parameters.encode(iterations, forKey: .iterations)
    }
  }
}
