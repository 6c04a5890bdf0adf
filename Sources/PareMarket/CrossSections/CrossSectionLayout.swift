/// How a row that sees the whole cross-section is laid out: symbol after symbol its own columns and whether it is there, then a
/// one-hot of whose row it is.
///
/// For symbols A, B with the columns x, y: `A:x, A:y, A:present, B:x, B:y, B:present, symbol:A, symbol:B`. The order is that of
/// the dataset's symbols in every row, the decided one included at its place; the one-hot is always the last so many columns.
/// Columns of a symbol that has no row at the time are 0, and so is its `present`.
public struct CrossSectionLayout: Sendable, Hashable, Codable {
  public let symbols: [String]
  /// Columns of one symbol.
  public let columns: [String]

  public init(symbols: [String], columns: [String]) {
    (self.symbols, self.columns) = (symbols, columns)
  }

  /// Numbers of a symbol, whether it is there among them.
  var block: Int { columns.count + 1 }
  /// Numbers of a row, or of each of its candles.
  public var width: Int { symbols.count * (block + 1) }

  /// A name for each of them.
  public var names: [String] {
    symbols.flatMap { symbol in columns.map { "\(symbol):\($0)" } + ["\(symbol):present"] } + symbols.map { "symbol:\($0)" }
  }

  /// The place in a row of a symbol's column.
  public func place(symbol: Int, column: Int) -> Int { symbol * block + column }

  /// Fits a normalizer by column of each symbol, to the rows in which that symbol is there. What says who is there and whose row
  /// it is passes as it is: offset 0, scale 1.
  ///
  /// - Parameter rows: row-major `[rows × width]`.
  /// - Throws: as `Normalizer.fit`.
  func normalizer(_ kind: NormalizerKind, fittedTo rows: [Float], clip: Float) throws(MarketError) -> Normalizer {
    var (offset, scale) = ([Float](repeating: 0, count: width), [Float](repeating: 1, count: width))
    // Bounds depend on kind and clip alone.
    var bounds = (lower: -clip, upper: clip)
    for (symbol, name) in symbols.enumerated() {
      let start = place(symbol: symbol, column: 0)
      var own: [Float] = []
      for row in stride(from: 0, to: rows.count, by: width) where rows[row + start + columns.count] == 1 {
        own.append(contentsOf: rows[row + start..<row + start + columns.count])
      }
      guard !own.isEmpty else { continue }
      let fit = try Normalizer.fit(kind, to: own, names: columns.map { "\(name):\($0)" }, clip: clip)
      offset.replaceSubrange(start..<start + columns.count, with: fit.offset)
      scale.replaceSubrange(start..<start + columns.count, with: fit.scale)
      bounds = (fit.lower, fit.upper)
    }
    guard bounds.lower < bounds.upper, !rows.isEmpty else {
      throw MarketError("no-rows", subject: "normalizer", expected: "at least one row", found: "none")
    }
    return Normalizer(kind: kind, offset: offset, scale: scale, lower: bounds.lower, upper: bounds.upper)
  }
}
