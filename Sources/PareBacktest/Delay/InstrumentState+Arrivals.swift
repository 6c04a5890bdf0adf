extension InstrumentState {
  /// The target that arrives within this candle and the share of the candle that has passed by then; nil where none does,
  /// or the one in force already is the same.
  var arrival: (target: Double, share: Double)? {
    guard let arrivals, arrivals.within[candle] >= 0 else { return nil }
    let target = targets[arrivals.within[candle]]
    let before = arrivals.atOpen[candle]
    guard target != (before >= 0 ? targets[before] : 0) else { return nil }
    return (target, arrivals.shares[candle])
  }

  /// The level that closes the position before a target arrives.
  ///
  /// Nothing says on which side of the arrival the candle's extremes lie. So the stop counts wherever in the candle it is
  /// touched, and the take-profit only where the price has reached it by then.
  func levelBefore(_ price: Double) -> (price: Double, exit: TradeRecord.Exit)? {
    level(best: price)
  }

  /// Counts the share of the step that passed with the position as it was.
  mutating func pass(_ share: Double) {
    book.countStep(share)
    passed = share
  }

  /// Goes on from a fill at a price within this candle; the position stays a share of the notional as of the open.
  mutating func resume(at fill: Double) {
    mark = fill
    quantity = book.position / price
  }
}
