import PareMarket

/// Orders against the snapshots of an order book: the mechanics of a fill, without anybody's reaction to it.
///
/// An order meets the snapshot that holds when it arrives, its decision plus a latency, and takes level after level until
/// it is filled or the levels are used up. Nothing that it takes is missing afterwards, and what lies behind the last
/// level is not known, so that large orders cost more than is said here.
public struct BookExecution: Sendable {
  public let book: BookSnapshots

  public init(_ book: BookSnapshots) {
    self.book = book
  }

  /// - Parameter latency: microseconds, 0 or more.
  /// - Returns: nil where the decision lies before the first snapshot or the arrival after the last.
  /// - Precondition: the latency is not negative.
  public func fill(_ order: BookOrder, latency: Int64) -> BookFill? {
    precondition(latency >= 0, "an order does not arrive before it is decided")
    let (arrival, overflow) = order.decided.addingReportingOverflow(latency)
    guard !overflow, arrival <= book.times.last ?? .min, let known = book.snapshot(at: order.decided),
      let met = book.snapshot(at: arrival)
    else { return nil }
    let (filled, average) = take(order.quantity, side: order.side, from: met)
    let (before, then, best) = (book.mid(at: known), book.mid(at: met), best(order.side, at: met))
    func basisPoints(_ from: Double, _ to: Double) -> Double { Double(order.side) * (to - from) / before * 10_000 }
    return BookFill(
      snapshot: met, filled: filled, isPartial: filled < order.quantity, averagePrice: average,
      drift: basisPoints(before, then), halfSpread: basisPoints(then, best), depth: basisPoints(best, average),
      cost: basisPoints(before, average))
  }

  /// What a fill is worth a while later: from its average price to the mid then, in basis points of the price, positive
  /// where the mid went the order's way beyond what the fill cost.
  ///
  /// - Parameter after: microseconds after the arrival, 0 or more.
  /// - Returns: nil where that is after the last snapshot.
  public func markout(_ fill: BookFill, of order: BookOrder, latency: Int64, after: Int64) -> Double? {
    let time = order.decided.addingReportingOverflow(latency).partialValue.addingReportingOverflow(after).partialValue
    guard time >= order.decided, time <= book.times.last ?? .min, let later = book.snapshot(at: time) else { return nil }
    return Double(order.side) * (book.mid(at: later) / fill.averagePrice - 1) * 10_000
  }

  /// Walks the levels of the side that an order takes.
  ///
  /// - Returns: how much they gave, and its mean price.
  private func take(_ quantity: Double, side: Int8, from snapshot: Int) -> (filled: Double, average: Double) {
    let (prices, quantities) = side > 0 ? (book.askPrices, book.askQuantities) : (book.bidPrices, book.bidQuantities)
    let first = snapshot * book.levels
    let best = prices[first]
    var (left, filled, beyond) = (quantity, 0.0, 0.0)
    for level in first..<first + book.levels {
      let taken = min(left, quantities[level])
      // From the best price on, so that one level costs exactly that.
      beyond += taken * (prices[level] - best)
      filled += taken
      left -= taken
      if left <= 0 {
        filled = quantity
        break
      }
    }
    return (filled, best + beyond / filled)
  }

  private func best(_ side: Int8, at snapshot: Int) -> Double {
    side > 0 ? book.askPrices[snapshot * book.levels] : book.bidPrices[snapshot * book.levels]
  }
}
