/// Something that a portfolio trades.
public struct Instrument: Sendable, Hashable {
  /// What trades and messages call it.
  public let name: String
  public let candles: TradedCandles
  public let costs: CostModel
  /// So many candles at the beginning are only looked back at, by costs and sizes; nothing is decided on them.
  public let history: Int

  public init(_ name: String, candles: TradedCandles, costs: CostModel = CostModel(), history: Int = 0) {
    precondition(history >= 0, "no candle before the first")
    self.name = name
    self.candles = candles
    self.costs = costs
    self.history = history
  }
}
