import PareMarket

/// What orders of several sizes cost at several latencies, all decided at the same times.
public struct BookStudy: Sendable {
  /// 0, 10 µs, 100 µs, 1 ms, 10 ms, 100 ms and 1 s, in microseconds.
  public static let standardLatencies: [Int64] = [0, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
  /// 10 ms, 100 ms, 1 s and 10 s after the arrival, in microseconds.
  public static let standardMarkouts: [Int64] = [10_000, 100_000, 1_000_000, 10_000_000]

  public let execution: BookExecution
  public let latencies: [Int64]
  public let markouts: [Int64]

  /// - Throws: `backtest.book-study` without a latency, or for a negative latency or markout.
  public init(
    _ book: BookSnapshots, latencies: [Int64] = standardLatencies, markouts: [Int64] = standardMarkouts
  ) throws(BacktestError) {
    guard !latencies.isEmpty, (latencies + markouts).allSatisfy({ (0...3_600_000_000).contains($0) }) else {
      throw BacktestError(
        "book-study", subject: "latencies and markouts", expected: "a latency or more, 0 to 3600000000 microseconds",
        found: "\(latencies) and \(markouts)", category: .usage)
    }
    execution = BookExecution(book)
    self.latencies = latencies
    self.markouts = markouts
  }

  /// The mean figures of each quantity at each latency, quantities outside, latencies within.
  ///
  /// Decisions too late for the longest latency and markout are left out at all of them, so that rows compare.
  ///
  /// - Parameters:
  ///   - decisions: times, Unix microseconds, and sides.
  ///   - quantities: of each order; every decision is tried at each.
  /// - Throws: `backtest.book-order`; `backtest.book-study` where no decision lies within the book.
  public func rows(
    decisions: [(time: Int64, side: Int8)], quantities: [Double]
  ) throws(BacktestError) -> [BookStudyRow] {
    let reach = (latencies.max() ?? 0) + (markouts.max() ?? 0)
    let (first, last) = (execution.book.times.first ?? 0, (execution.book.times.last ?? 0) - reach)
    let inside = decisions.filter { $0.time >= first && $0.time <= last }
    guard !inside.isEmpty else {
      throw BacktestError(
        "book-study", subject: "decisions",
        expected: "one from \(first) to \(last) microseconds, with latency and markout in the book",
        found: "none of \(decisions.count)")
    }
    var rows: [BookStudyRow] = []
    for quantity in quantities {
      let orders = try inside.map { decision throws(BacktestError) in
        try BookOrder(decided: decision.time, side: decision.side, quantity: quantity)
      }
      for latency in latencies { rows.append(row(orders, quantity, latency)) }
    }
    return rows
  }

  private func row(_ orders: [BookOrder], _ quantity: Double, _ latency: Int64) -> BookStudyRow {
    var (cost, drift, halfSpread, depth, filled, squares) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var partial = 0
    var worth = [Double](repeating: 0, count: markouts.count)
    for order in orders {
      guard let fill = execution.fill(order, latency: latency) else { continue }
      cost += fill.cost
      squares += fill.cost * fill.cost
      drift += fill.drift
      halfSpread += fill.halfSpread
      depth += fill.depth
      filled += fill.filled / order.quantity
      partial += fill.isPartial ? 1 : 0
      for (index, after) in markouts.enumerated() {
        worth[index] += execution.markout(fill, of: order, latency: latency, after: after) ?? 0
      }
    }
    let count = Double(orders.count)
    let variance = max(squares / count - cost / count * (cost / count), 0)
    return BookStudyRow(
      latency: latency, quantity: quantity, orders: orders.count, cost: cost / count, costDeviation: variance.squareRoot(),
      drift: drift / count, halfSpread: halfSpread / count, depth: depth / count, filledShare: filled / count,
      partialShare: Double(partial) / count, markouts: worth.map { $0 / count })
  }
}

/// Orders of one size at one latency; means over the orders, costs in basis points of the mid at the decision.
public struct BookStudyRow: Codable, Sendable, Hashable {
  /// Microseconds.
  public let latency: Int64
  public let quantity: Double
  public let orders: Int
  /// From the mid at the decision to the average price, and its deviation over the orders (n).
  public let cost: Double
  public let costDeviation: Double
  /// Its parts.
  public let drift: Double
  public let halfSpread: Double
  public let depth: Double
  /// Share of the quantity that the levels gave, and of the orders that they did not fill.
  public let filledShare: Double
  public let partialShare: Double
  /// From the average price to the mid at each of the study's times after the arrival.
  public let markouts: [Double]
}
