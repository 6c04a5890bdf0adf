extension CandleCSV {
  /// Writes a series in the canonical form, gzip-compressed where `path` ends in `.gz`.
  ///
  /// Numbers are the shortest decimals that read back as the same double, so reading the file gives the same series.
  /// The file appears under its name when it is complete.
  ///
  /// - Throws: `MarketError` of category `.cannotCreate`.
  public static func write(_ series: CandleSeries, to path: String) throws {
    let file = try OutputFile(path: path)
    var text = Array(CandleColumn.allCases.map(\.name).joined(separator: ",").utf8)
    text.append(UInt8(ascii: "\n"))
    for candle in series.candles {
      text.append(contentsOf: String(candle.start).utf8)
      for value in [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.turnover] {
        text.append(UInt8(ascii: ","))
        if let value { append(value, to: &text) }
      }
      text.append(UInt8(ascii: "\n"))
      if text.count > 1 << 16 {
        try file.write(text)
        text.removeAll(keepingCapacity: true)
      }
    }
    try file.write(text)
    try file.commit()
  }

  /// `111920` and not `111920.0`.
  private static func append(_ value: Double, to text: inout [UInt8]) {
    let digits = value.description.utf8
    text.append(contentsOf: digits.suffix(2).elementsEqual(".0".utf8) ? digits.dropLast(2) : digits[...])
  }
}
