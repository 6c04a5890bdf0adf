import Foundation
import PareTensor

/// An order book that wanders: for tests and examples that need no data.
///
/// At every step the best bid moves up or down a tick with the chance `move` each. The best ask stands one tick above it,
/// or further by one more tick with the chance `wide` each time. Levels follow each other at every tick; their quantities
/// are exponentially distributed about `depth`, drawn anew at every step. Nothing foretells anything.
public struct BookSimulation: Codable, Sendable, Hashable {
  public var snapshots = 10_000
  /// Microseconds from one snapshot to the next.
  public var step: Int64 = 1_000
  public var levels = 10
  public var tick = 0.01
  /// The first best bid, in ticks.
  public var price = 10_000
  public var move = 0.1
  public var wide = 0.2
  /// Mean quantity of a level.
  public var depth = 5.0

  public init() {}

  /// - Throws: `market.book-simulation`, naming the first setting that cannot be.
  public func run(seed: UInt64) throws(MarketError) -> BookSnapshots {
    try check("snapshots", snapshots, (1...10_000_000).contains(snapshots), "1 to 10000000")
    try check("step", step, (1...60_000_000).contains(step), "1 to 60000000 microseconds")
    try check("levels", levels, (1...1_000).contains(levels), "1 to 1000")
    try check("tick", tick, tick > 0 && tick.isFinite, "a positive number")
    try check("price", price, price > levels && price < 1_000_000_000, "more ticks than levels, below 1000000000")
    try check("move", move, move >= 0 && move <= 0.5, "a chance in 0 ... 0.5")
    try check("wide", wide, wide >= 0 && wide < 1, "a chance in 0 ..< 1")
    try check("depth", depth, depth > 0 && depth.isFinite, "a positive number")
    var generator = SeededGenerator(seed: seed, stream: "book")
    var bid = price
    var columns = [[Double]](repeating: [], count: 4)
    for index in columns.indices { columns[index].reserveCapacity(snapshots * levels) }
    for _ in 0..<snapshots {
      let draw = generator.uniform()
      if draw < move { bid += 1 } else if draw < 2 * move, bid > levels + 1 { bid -= 1 }
      var ask = bid + 1
      while generator.uniform() < wide { ask += 1 }
      for level in 0..<levels {
        columns[0].append(Double(bid - level) * tick)
        columns[1].append(depth * max(-log(1 - generator.uniform()), 1e-6))
        columns[2].append(Double(ask + level) * tick)
        columns[3].append(depth * max(-log(1 - generator.uniform()), 1e-6))
      }
    }
    return try BookSnapshots(
      levels: levels, times: (0..<snapshots).map { Int64($0) * step }, bidPrices: columns[0], bidQuantities: columns[1],
      askPrices: columns[2], askQuantities: columns[3])
  }

  private func check(_ name: String, _ value: some Any, _ isGood: Bool, _ expected: String) throws(MarketError) {
    guard isGood else {
      throw MarketError("book-simulation", subject: "book.\(name)", expected: expected, found: "\(value)", category: .usage)
    }
  }
}
