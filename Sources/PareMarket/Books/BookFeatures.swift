import Foundation

/// How a window of snapshots becomes numbers.
///
/// A row is `[steps, 4 · levels]`, the newest snapshot last; each snapshot has for each level, from the best, ask price, ask
/// quantity, bid price and bid quantity, which is DeepLOB's order (Zhang, Zohren and Roberts 2019, arXiv:1808.03668, §III).
public struct BookFeatures: Sendable, Hashable, Codable {
  /// What prices are measured from.
  public enum Reference: String, Sendable, Hashable, Codable, CaseIterable {
    /// The mid of the newest snapshot of the window: the window shows how the price moved.
    case newestMid = "newest-mid"
    /// Each snapshot's own mid: the window shows the shape of each book, and nothing of the moves between them.
    case ownMid = "own-mid"
  }

  /// What prices are measured in.
  public enum PriceUnit: Sendable, Hashable, Codable {
    case ticks(size: Double)
    /// Root mean square distance of all levels' prices from their own mid, over the newest `snapshots`. Above 0 always, for
    /// a book has a spread.
    case trailingDeviation(snapshots: Int)
  }

  public enum QuantityUnit: Sendable, Hashable, Codable {
    /// The natural logarithm.
    case log
    /// Divided by the mean over all levels of both sides and the newest `snapshots`.
    case trailingMean(snapshots: Int)
  }

  public let steps: Int
  /// Of a side; the best so many of the book's.
  public let levels: Int
  public let reference: Reference
  public let price: PriceUnit
  public let quantity: QuantityUnit

  /// - Throws: `market.book-features`, naming the first setting that cannot be: 1 to 10,000 steps, 1 to 1,000 levels, a
  ///   positive tick, trailing means of 1 to 1,000,000 snapshots.
  public init(
    steps: Int, levels: Int, reference: Reference = .newestMid, price: PriceUnit, quantity: QuantityUnit = .log
  ) throws(MarketError) {
    func check(_ name: String, _ isGood: Bool, _ expected: String, _ found: some Any) throws(MarketError) {
      guard isGood else {
        throw MarketError("book-features", subject: "book.\(name)", expected: expected, found: "\(found)", category: .usage)
      }
    }
    try check("steps", (1...10_000).contains(steps), "1 to 10000", steps)
    try check("levels", (1...1_000).contains(levels), "1 to 1000", levels)
    switch price {
    case .ticks(let size): try check("tick", size > 0 && size.isFinite, "a positive number", size)
    case .trailingDeviation(let count):
      try check("price", (1...1_000_000).contains(count), "1 to 1000000 snapshots", count)
    }
    if case .trailingMean(let count) = quantity {
      try check("quantity", (1...1_000_000).contains(count), "1 to 1000000 snapshots", count)
    }
    self.steps = steps
    self.levels = levels
    self.reference = reference
    self.price = price
    self.quantity = quantity
  }

  public var rowShape: [Int] { [steps, 4 * levels] }
  /// Numbers in a row.
  public var rowLength: Int { steps * 4 * levels }

  /// Snapshots after which a row is complete.
  public var warmUp: Int { max(steps, deviationSnapshots, meanSnapshots) }

  var deviationSnapshots: Int { if case .trailingDeviation(let count) = price { count } else { 0 } }
  var meanSnapshots: Int { if case .trailingMean(let count) = quantity { count } else { 0 } }

  /// Names of the columns of a snapshot: `ask_px_1`, `ask_qty_1`, `bid_px_1`, `bid_qty_1`, `ask_px_2`, ….
  public var columns: [String] {
    (1...levels).flatMap { level in ["ask_px_", "ask_qty_", "bid_px_", "bid_qty_"].map { $0 + "\(level)" } }
  }

  private enum CodingKeys: String, CodingKey { case steps, levels, reference, price, quantity }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      steps: container.decode(Int.self, forKey: .steps), levels: container.decode(Int.self, forKey: .levels),
      reference: container.decode(Reference.self, forKey: .reference),
      price: container.decode(PriceUnit.self, forKey: .price),
      quantity: container.decode(QuantityUnit.self, forKey: .quantity))
  }
}
