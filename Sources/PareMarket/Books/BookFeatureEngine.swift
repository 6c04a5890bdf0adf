import Foundation

/// Computes rows from snapshots pushed one at a time; the same engine serves training and live trading.
///
/// A row depends on the newest `features.warmUp` snapshots alone: an engine that was started later gives the same bits.
/// Nothing is allocated once the engine exists.
public struct BookFeatureEngine: Sendable {
  public let features: BookFeatures
  /// The newest snapshots, round and round: ask price, ask quantity, bid price, bid quantity of each level.
  private var ring: [Double]
  private var mids: [Double]
  /// Per snapshot: sum of squared distances of its prices from its mid, and of its quantities.
  private var squares: [Double]
  private var quantities: [Double]
  private var seen = 0
  private let depth: Int

  public init(_ features: BookFeatures) {
    self.features = features
    depth = features.warmUp
    ring = [Double](repeating: 0, count: features.steps * 4 * features.levels)
    mids = [Double](repeating: 0, count: features.steps)
    squares = [Double](repeating: 0, count: max(features.deviationSnapshots, 1))
    quantities = [Double](repeating: 0, count: max(features.meanSnapshots, 1))
  }

  /// Whether a row is complete.
  public var isWarm: Bool { seen >= depth }

  /// Takes the next snapshot.
  ///
  /// - Precondition: the snapshot exists, and the books have the levels that the features need.
  public mutating func push(_ snapshot: Int, of books: BookSnapshots) {
    let levels = features.levels
    precondition(books.levels >= levels, "as many levels as the features have")
    let mid = books.mid(at: snapshot)
    let place = seen % features.steps
    var (square, quantity) = (0.0, 0.0)
    for level in 0..<levels {
      let source = snapshot * books.levels + level
      let target = (place * levels + level) * 4
      ring[target] = books.askPrices[source]
      ring[target + 1] = books.askQuantities[source]
      ring[target + 2] = books.bidPrices[source]
      ring[target + 3] = books.bidQuantities[source]
      let (above, below) = (books.askPrices[source] - mid, books.bidPrices[source] - mid)
      square += above * above + below * below
      quantity += books.askQuantities[source] + books.bidQuantities[source]
    }
    mids[place] = mid
    squares[seen % squares.count] = square
    quantities[seen % quantities.count] = quantity
    seen += 1
  }

  /// Writes the row of the newest snapshot.
  ///
  /// - Precondition: `isWarm`; `row` has `features.rowLength` places.
  public func write(into row: UnsafeMutableBufferPointer<Float>) {
    precondition(isWarm && row.count == features.rowLength)
    let values = Double(2 * features.levels)
    let priceUnit: Double =
      switch features.price {
      case .ticks(let size): size
      case .trailingDeviation(let count): (sum(squares) / (values * Double(count))).squareRoot()
      }
    let quantityUnit: Double? =
      switch features.quantity {
      case .log: nil
      case .trailingMean(let count): sum(quantities) / (values * Double(count))
      }
    let newest = mids[(seen - 1) % features.steps]
    for step in 0..<features.steps {
      let place = (seen - features.steps + step) % features.steps
      let reference = features.reference == .newestMid ? newest : mids[place]
      let source = place * features.levels * 4
      let target = step * features.levels * 4
      for index in stride(from: 0, to: features.levels * 4, by: 2) {
        row[target + index] = Float((ring[source + index] - reference) / priceUnit)
        let quantity = ring[source + index + 1]
        row[target + index + 1] = Float(quantityUnit.map { quantity / $0 } ?? log(quantity))
      }
    }
  }

  /// The sum of a full ring, oldest first, so that it does not depend on when the engine was started.
  private func sum(_ ring: [Double]) -> Double {
    (0..<ring.count).reduce(0) { $0 + ring[(seen + $1) % ring.count] }
  }
}
