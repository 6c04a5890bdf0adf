import PareBacktest

/// Figures of a backtest alone; `docs/backtest.md` defines each.
public struct Money: Codable, Sendable, Equatable {
  public var metrics: BacktestMetrics
  /// Funding and borrowing paid, negative where more was received.
  public var financing: Double
  /// Against holding every symbol all the time.
  @ExplicitNull public var informationRatio: Double?
  /// The same decisions, each filled one candle later.
  public var fillOneLater: FillOneLater

  private enum CodingKeys: String, CodingKey {
    case financing, informationRatio, fillOneLater
  }

  public init(
    metrics: BacktestMetrics, financing: Double = 0, informationRatio: Double? = nil, fillOneLater: FillOneLater
  ) {
    self.metrics = metrics
    self.financing = financing
    self.informationRatio = informationRatio
    self.fillOneLater = fillOneLater
  }

  public init(from decoder: any Decoder) throws {
    metrics = try BacktestMetrics(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    financing = try container.decode(Double.self, forKey: .financing)
    informationRatio = try container.decodeIfPresent(Double.self, forKey: .informationRatio)
    fillOneLater = try container.decode(FillOneLater.self, forKey: .fillOneLater)
  }

  public func encode(to encoder: any Encoder) throws {
    try metrics.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(financing, forKey: .financing)
    try container.encode(informationRatio, forKey: .informationRatio)
    try container.encode(fillOneLater, forKey: .fillOneLater)
  }
}
