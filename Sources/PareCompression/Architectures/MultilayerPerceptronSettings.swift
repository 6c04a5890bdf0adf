import PareGraph
import PareModels

/// Dense layers of these widths with an activation between them; none makes it a logistic regression. Windows are flattened.
public struct MultilayerPerceptronSettings: ArchitectureSettings {
  public static let name = "mlp"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case hidden, activation, dropout, residual
  }

  public var hidden: [Int]
  public var activation: Activation
  /// In `0 ..< 1`.
  public var dropout: Double
  /// Whether layers, of one width then, add to what they read.
  public var residual: Bool

  public init(hidden: [Int], activation: Activation = .relu, dropout: Double = 0, residual: Bool = false) {
    self.hidden = hidden
    self.activation = activation
    self.dropout = dropout
    self.residual = residual
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      hidden: try container.decode([Int].self, forKey: .hidden),
      activation: try container.decodeWordIfPresent(Activation.self, forKey: .activation) ?? .relu,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0,
      residual: try container.decodeIfPresent(Bool.self, forKey: .residual) ?? false)
  }

  public var words: String {
    (hidden.isEmpty ? "logistic regression" : "MLP " + hidden.words)
      + (activation == .relu ? "" : ", \(activation.rawValue)") + dropout.dropoutWords + (residual ? ", residual" : "")
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.hidden).require(widths: hidden, "a width", atLeast: 0)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
    let isEven = !hidden.isEmpty && Set(hidden).count == 1
    try path.key(CodingKeys.residual).require(!residual || isEven, expected: "hidden layers of one width", found: hidden)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    try MultilayerPerceptron(
      inputs: rowShape.reduce(1, *), hidden: hidden, outputs: outputs, activation: activation, dropout: dropout,
      isResidual: residual
    ).graph(
      seed: seed, name: name ?? "mlp", input: input, rowShape: rowShape, normalizer: normalizer, thresholds: thresholds)
  }
}

extension NetworkArchitecture {
  /// Dense layers of these widths with an activation between them; none makes it a logistic regression. Windows are
  /// flattened.
  public static func mlp(
    hidden: [Int], activation: Activation = .relu, dropout: Double = 0, residual: Bool = false
  ) -> NetworkArchitecture {
    NetworkArchitecture(
      MultilayerPerceptronSettings(hidden: hidden, activation: activation, dropout: dropout, residual: residual))
  }
}
