/// Snapshots of an order book: after every update the best levels of both sides, as columns.
public struct BookSnapshots: Sendable, Hashable {
  /// Levels of a side.
  public let levels: Int
  /// When each snapshot began to hold, Unix microseconds, strictly ascending.
  public let times: [Int64]
  /// Row-major `[snapshots × levels]`, best first: prices fall, quantities are positive.
  public let bidPrices: [Double]
  public let bidQuantities: [Double]
  /// The same of the asks, whose prices rise; the best lies above the best bid.
  public let askPrices: [Double]
  public let askQuantities: [Double]

  public var count: Int { times.count }

  /// - Throws: `market.book-shape` without levels or for columns that do not match; `market.book-times`; `market.book-level`
  ///   naming the first snapshot that cannot be.
  public init(
    levels: Int, times: [Int64], bidPrices: [Double], bidQuantities: [Double], askPrices: [Double], askQuantities: [Double]
  ) throws(MarketError) {
    for column in [bidPrices, bidQuantities, askPrices, askQuantities] {
      guard levels > 0, column.count == times.count * levels else {
        throw MarketError(
          "book-shape", subject: "book", expected: "1 level or more, and \(levels) values for each of \(times.count) snapshots",
          found: "\(column.count) values of \(levels) levels")
      }
    }
    for snapshot in times.indices {
      if snapshot > 0, times[snapshot] <= times[snapshot - 1] {
        throw Self.disorder(times[snapshot], after: times[snapshot - 1], "snapshot \(snapshot)")
      }
      let row = snapshot * levels..<(snapshot + 1) * levels
      try BookRow.check(
        bidPrices: bidPrices[row], bidQuantities: bidQuantities[row], askPrices: askPrices[row],
        askQuantities: askQuantities[row], subject: "snapshot \(snapshot)")
    }
    self.init(
      checked: levels, times: times, bidPrices: bidPrices, bidQuantities: bidQuantities, askPrices: askPrices,
      askQuantities: askQuantities)
  }

  /// - Precondition: what the other initializer checks.
  init(
    checked levels: Int, times: [Int64], bidPrices: [Double], bidQuantities: [Double], askPrices: [Double],
    askQuantities: [Double]
  ) {
    self.levels = levels
    self.times = times
    self.bidPrices = bidPrices
    self.bidQuantities = bidQuantities
    self.askPrices = askPrices
    self.askQuantities = askQuantities
  }

  /// The middle between the best bid and the best ask.
  public func mid(at snapshot: Int) -> Double {
    let best = snapshot * levels
    return bidPrices[best] + (askPrices[best] - bidPrices[best]) / 2
  }

  /// The snapshot that holds at a time: the last one at or before it; nil before the first.
  ///
  /// - Parameter time: Unix microseconds.
  public func snapshot(at time: Int64) -> Int? {
    var range = times.startIndex..<times.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = times[middle] <= time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound > 0 ? range.lowerBound - 1 : nil
  }

  /// The snapshots of a range, as if there were no others.
  public subscript(range: Range<Int>) -> BookSnapshots {
    let places = range.lowerBound * levels..<range.upperBound * levels
    return BookSnapshots(
      checked: levels, times: Array(times[range]), bidPrices: Array(bidPrices[places]), bidQuantities: Array(bidQuantities[places]),
      askPrices: Array(askPrices[places]), askQuantities: Array(askQuantities[places]))
  }

  static func disorder(_ time: Int64, after: Int64, _ subject: String) -> MarketError {
    MarketError("book-times", subject: subject, expected: "a time after \(after) microseconds", found: "\(time)")
  }
}

/// The rules of one snapshot.
enum BookRow {
  /// - Throws: `market.book-level`, naming side and level from 1.
  static func check(
    bidPrices: ArraySlice<Double>, bidQuantities: ArraySlice<Double>, askPrices: ArraySlice<Double>,
    askQuantities: ArraySlice<Double>, subject: String
  ) throws(MarketError) {
    func refuse(_ side: String, _ level: Int, _ expected: String, _ found: Double) -> MarketError {
      MarketError("book-level", subject: "\(subject): \(side) \(level + 1)", expected: expected, found: "\(found)")
    }
    for (side, prices, quantities, sign) in [("bid", bidPrices, bidQuantities, -1.0), ("ask", askPrices, askQuantities, 1.0)] {
      var previous = -Double.infinity
      for (level, (price, quantity)) in zip(prices, quantities).enumerated() {
        guard price > 0, price.isFinite else { throw refuse(side, level, "a positive price", price) }
        guard quantity > 0, quantity.isFinite else { throw refuse(side, level, "a positive quantity", quantity) }
        guard sign * price > previous else {
          throw refuse(side, level, "a price \(sign < 0 ? "below" : "above") \(abs(previous))", price)
        }
        previous = sign * price
      }
    }
    if let bid = bidPrices.first, let ask = askPrices.first, bid >= ask {
      throw refuse("ask", 0, "a price above the best bid, \(bid)", ask)
    }
  }
}
