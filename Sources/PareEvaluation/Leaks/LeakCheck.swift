import PareBacktest
import PareMarket

/// A way in which something of the future could have come into a model, and what was found when looking for it.
public struct LeakCheck: Codable, Sendable, Equatable {
  public enum Outcome: String, Codable, Sendable, CaseIterable {
    case passed
    case leaks
    /// There is something to look at, and no proof either way.
    case suspicious
    /// Nothing that could be checked: features come from a table.
    case unchecked
  }

  public var name: String
  public var outcome: Outcome
  /// What was looked at and found, in words.
  public var words: String

  public init(_ name: String, _ outcome: Outcome, _ words: String) {
    self.name = name
    self.outcome = outcome
    self.words = words
  }
}

/// Rows of features of a series, and the candle that completes each.
package struct FeatureRows: Sendable, Equatable {
  package var values: [Float]
  package var candles: [Int]
  package var width: Int

  package init(values: [Float], candles: [Int], width: Int) {
    self.values = values
    self.candles = candles
    self.width = width
  }
}

extension LeakCheck {
  /// Whether rows are the same, bit for bit, when the candles after them have not happened yet.
  ///
  /// - Parameters:
  ///   - features: of a series, whatever they are computed by.
  ///   - candles: places at which the series is cut off; what was known by then is compared with what is said in hindsight.
  package static func features(
    _ features: (CandleSeries) throws -> FeatureRows, of series: CandleSeries, cutAt candles: [Int]
  ) throws -> LeakCheck {
    let name = "features"
    let whole = try features(series)
    for cut in candles {
      let past = try features(CandleSeries(key: series.key, candles: Array(series.candles[...cut]), calendar: series.calendar))
      let count = whole.candles.count { $0 <= cut }
      guard past.candles == Array(whole.candles[..<count]) else {
        return LeakCheck(name, .leaks, "other rows exist before candle \(cut) once the candles after it are known")
      }
      let known = whole.values[..<(count * whole.width)]
      if let place = known.indices.first(where: { known[$0].bitPattern != past.values[$0].bitPattern }) {
        return LeakCheck(
          name, .leaks,
          "feature \(place % whole.width) of the row at candle \(whole.candles[place / whole.width]) changes once the candles after \(cut) are known")
      }
    }
    return LeakCheck(name, .passed, "rows up to \(candles.count) random times are the same to the bit without the candles after them")
  }

  /// Whether a normalizer is the one that was fitted to the training part alone.
  ///
  /// - Parameters:
  ///   - normalizer: the one in use.
  ///   - own: fitted anew to the labelled training rows.
  ///   - count: how many these are.
  package static func normalizer(_ normalizer: Normalizer, refitted own: Normalizer, to count: Int, names: [String]) -> LeakCheck {
    let name = "normalizer"
    if let place = own.offset.indices.first(where: { own.offset[$0] != normalizer.offset[$0] || own.scale[$0] != normalizer.scale[$0] }) {
      return LeakCheck(
        name, .leaks, "'\(names[place % max(names.count, 1)])' is normalized by other rows than the training part's labelled ones")
    }
    return LeakCheck(name, .passed, "fitted to the \(count) labelled rows of the training part, and to nothing else")
  }

  /// Whether a label of one part is known only in the next.
  ///
  /// - Parameters:
  ///   - parts: decision times of the rows of each part, ascending, in the order of the parts.
  ///   - reach: how long after its decision a label is known, in milliseconds.
  package static func labels(_ parts: [(name: String, times: [Int64])], reach: Int64) -> LeakCheck {
    let name = "labels"
    for (earlier, later) in zip(parts, parts.dropFirst()) {
      guard let last = earlier.times.last, let first = later.times.first else { continue }
      guard last + reach < first else {
        return LeakCheck(
          name, .leaks, "the last label of the \(earlier.name) part is known \((last + reach - first) / 1000) s after the \(later.name) part begins")
      }
    }
    return LeakCheck(name, .passed, "every label is known before the next part begins")
  }

  /// Whether a feature knows too well what comes: the rank correlation with the forward return, on the training part.
  ///
  /// - Parameter limit: above which it is suspicious; markets do not give as much away.
  package static func foresight(_ rows: FeatureRows, names: [String], returns: [Double], limit: Double = 0.3) -> LeakCheck {
    let name = "foresight"
    var greatest = (feature: "", correlation: 0.0)
    for column in 0..<rows.width {
      let values = stride(from: column, to: rows.values.count, by: rows.width).map { Double(rows.values[$0]) }
      let correlation = abs(InformationCoefficient.rank(scores: values, returns: returns) ?? 0)
      if correlation > greatest.correlation { greatest = (names[column % max(names.count, 1)], correlation) }
    }
    let words = "the feature that goes best with the forward return, '\(greatest.feature)', has a rank correlation of \(figure(greatest.correlation))"
    return LeakCheck(name, greatest.correlation > limit ? .suspicious : .passed, words)
  }
}
