/// Something that a portfolio trades.
public struct Instrument: Sendable, Hashable {
  /// What trades and messages call it.
  public let name: String
  public let candles: TradedCandles
  public let costs: CostModel

  public init(_ name: String, candles: TradedCandles, costs: CostModel = CostModel()) {
    self.name = name
    self.candles = candles
    self.costs = costs
  }
}
