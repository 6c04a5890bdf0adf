/// A number for each day and symbol: scores, forward returns or prices, NaN where there is none.
///
/// - Shapes: `values [days × symbols]`, row-major, the symbols of a day next to each other.
public struct DailyPanel: Sendable {
  public let days: Int
  public let symbols: Int
  public let values: [Double]

  /// - Parameters:
  ///   - symbols: 1 or more.
  ///   - values: `[days × symbols]`; NaN where there is none.
  ///   - mask: `[days × symbols]`, false where there is none whatever the value says; nil takes all of them.
  /// - Throws: `backtest.panel` for a number of values that are not whole days, another number of cells in the mask, or a value that
  ///   is infinite, with its day and symbol.
  public init(symbols: Int, values: [Double], mask: [Bool]? = nil) throws(BacktestError) {
    guard symbols > 0, values.count % symbols == 0 else {
      throw BacktestError(
        "panel", subject: "panel", expected: "a value for each of 1 symbol or more on every day",
        found: "\(values.count) values of \(symbols) symbols")
    }
    var values = values
    if let mask {
      guard mask.count == values.count else {
        throw BacktestError("panel", subject: "panel: mask", expected: "\(values.count) cells", found: "\(mask.count)")
      }
      for cell in values.indices where !mask[cell] { values[cell] = .nan }
    }
    if let cell = values.firstIndex(where: \.isInfinite) {
      throw BacktestError(
        "panel", subject: "panel: day \(cell / symbols), symbol \(cell % symbols)", expected: "a finite number, or NaN for none",
        found: "\(values[cell])")
    }
    (days, self.symbols, self.values) = (values.count / symbols, symbols, values)
  }

  /// What a model gives, in its own precision.
  ///
  /// - Throws: as the other initializer.
  public init(symbols: Int, values: [Float], mask: [Bool]? = nil) throws(BacktestError) {
    try self.init(symbols: symbols, values: values.map(Double.init), mask: mask)
  }

  /// The values of one day, by symbol.
  public subscript(day: Int) -> ArraySlice<Double> { values[day * symbols..<(day + 1) * symbols] }

  public subscript(day: Int, symbol: Int) -> Double { values[day * symbols + symbol] }

  /// - Throws: `backtest.panel` unless `other` has the same days and symbols.
  func check(_ other: DailyPanel, _ subject: String) throws(BacktestError) {
    guard days == other.days, symbols == other.symbols else {
      throw BacktestError(
        "panel", subject: subject, expected: "\(days) days × \(symbols) symbols", found: "\(other.days) × \(other.symbols)")
    }
  }
}
