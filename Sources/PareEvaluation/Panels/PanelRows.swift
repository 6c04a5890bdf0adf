import PareMarket
import PareTensor
import PareTraining

/// Stretches of days as rows to learn from or to score: `features [rows, days, symbols, columns]`, `mask` and `labels [rows, days, symbols]`.
///
/// A row's first days are there for the states that they leave; the rest of one row follows the rest of the row before. Days outside the
/// panel, and those behind the last one wanted, are empty: absent symbols without labels.
package struct PanelRows: Sendable {
  let data: PanelData
  let days: PanelDays

  package init(data: PanelData, days: PanelDays) {
    (self.data, self.days) = (data, days)
  }

  /// Days of a row that count.
  private var own: Int { days.count - days.warmUp }

  package func count(_ wanted: Range<Int>) -> Int { (wanted.count + own - 1) / own }

  /// The rows whose days that count are those wanted.
  package func rows(_ wanted: Range<Int>) throws -> TrainingData {
    try rows(wanted, from: 0, count: count(wanted))
  }

  /// Some of them.
  func rows(_ wanted: Range<Int>, from first: Int, count: Int) throws -> TrainingData {
    let (symbols, width) = (data.symbolCount, data.columns.count)
    let cells = count * days.count * symbols
    var features = [Float](repeating: 0, count: cells * width)
    var (mask, labels) = ([Float](repeating: 0, count: cells), [Float](repeating: .nan, count: cells))
    for row in 0..<count {
      let start = wanted.lowerBound + (first + row) * own - days.warmUp
      for step in 0..<days.count {
        let day = start + step
        guard day >= 0, day < wanted.upperBound else { continue }
        let (from, to) = (day * symbols, (row * days.count + step) * symbols)
        features.replaceSubrange(to * width..<(to + symbols) * width, with: data.features[from * width..<(from + symbols) * width])
        for symbol in 0..<symbols where data.mask[from + symbol] {
          mask[to + symbol] = 1
          if step >= days.warmUp { labels[to + symbol] = data.labels[from + symbol] }
        }
      }
    }
    let places: Shape = [count, days.count, symbols]
    return try TrainingData([
      "features": Tensor(features, shape: [count, days.count, symbols, width]), "mask": Tensor(mask, shape: places),
      "labels": Tensor(labels, shape: places),
    ])
  }

  /// What was said of rows, by day: `[wanted, symbols]`.
  package func days(_ said: [Float], of wanted: Range<Int>, from first: Int, count: Int) -> [Float] {
    let symbols = data.symbolCount
    var result: [Float] = []
    for row in 0..<count {
      let number = min(own, wanted.count - (first + row) * own)
      let start = (row * days.count + days.warmUp) * symbols
      result += said[start..<start + number * symbols]
    }
    return result
  }
}
