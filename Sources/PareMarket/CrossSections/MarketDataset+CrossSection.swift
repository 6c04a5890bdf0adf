extension MarketDataset {
  /// Numbers that a dataset of such rows may hold: 4 GiB.
  private static let mostNumbers = 1 << 30

  /// The same rows, each with the columns of all symbols at its decision time, as `CrossSectionLayout` lays them out; of windows each
  /// candle.
  ///
  /// What others' candles say is known at the same close as the row's own, and nothing of a later one comes in.
  ///
  /// - Throws: `market.cross-section` for a dataset of fewer than two symbols, for rows of more than two axes, and where the rows
  ///   would not fit in memory.
  public func seeingTheCrossSection() throws(MarketError) -> MarketDataset {
    func refusal(_ expected: String, _ found: String) -> MarketError {
      MarketError("cross-section", subject: "features.cross-section", expected: expected, found: found, category: .usage)
    }
    guard keys.count >= 2 else { throw refusal("data of two symbols or more", "\(keys.count)") }
    guard rowShape.count <= 2, crossSection == nil else {
      throw refusal("rows of one symbol's columns, or of windows of them", "rows of \(rowShape)")
    }
    let steps = rowShape.count == 2 ? rowShape[0] : 1
    let own = width / steps
    let layout = CrossSectionLayout(
      symbols: keys.map(\.symbol), columns: schema?.columns ?? Array(columns.suffix(own)))
    let numbers = rowCount.multipliedReportingOverflow(by: steps * layout.width)
    guard !numbers.overflow, numbers.partialValue <= Self.mostNumbers else {
      throw refusal(
        "at most \(Self.mostNumbers) numbers (fewer symbols, columns or candles)", "\(rowCount) rows of \(steps * layout.width)")
    }
    var wide: [Float] = []
    wide.reserveCapacity(numbers.partialValue)
    var start = 0
    while start < rowCount {
      let end = times[start...].firstIndex { $0 != times[start] } ?? rowCount
      let seen = blocks(of: start..<end, layout, steps: steps, own: own)
      for row in start..<end {
        for step in 0..<steps {
          wide.append(contentsOf: seen[step * layout.width..<(step + 1) * layout.width])
          wide[wide.count - keys.count + Int(symbolIDs[row])] = 1
        }
      }
      start = end
    }
    return MarketDataset(self, features: wide, layout: layout, steps: steps)
  }

  /// What all rows of one time have in common, `[steps × layout.width]`, the one-hot still 0.
  private func blocks(of rows: Range<Int>, _ layout: CrossSectionLayout, steps: Int, own: Int) -> [Float] {
    var seen = [Float](repeating: 0, count: steps * layout.width)
    for row in rows {
      for step in 0..<steps {
        let place = step * layout.width + layout.place(symbol: Int(symbolIDs[row]), column: 0)
        let from = row * width + step * own
        seen.replaceSubrange(place..<place + own, with: features[from..<from + own])
        seen[place + own] = 1
      }
    }
    return seen
  }
}
