/// Tables of features or labels as delimited text, plain or gzip: a header that names `time`, perhaps `symbol`, and
/// further columns; a row per decision. Times are Unix milliseconds, or seconds where they are below 10¹¹.
public enum TableCSV {
  /// Every other column a number.
  ///
  /// - Throws: `MarketError` that names the line.
  public static func features(path: String, moment: RowKeys.Moment = .close) throws -> FeatureTable {
    var values: [Float] = []
    let table = try read(path) { field, column, place in
      guard let value = DecimalText.double(field) else {
        throw MarketError("table-number", subject: place, expected: "a number in '\(column)'", found: "'\(text(field))'")
      }
      values.append(Float(value))
    }
    return try FeatureTable(
      source: path, keys: table.keys, moment: moment, rowShape: [table.columns.count], values: values, columns: table.columns)
  }

  /// One other column, `label`: a class by its name or its index; empty where a row has none.
  ///
  /// - Throws: `MarketError` that names the line.
  public static func labels(path: String, moment: RowKeys.Moment = .close, classNames: [String]) throws -> LabelTable {
    var classes: [Int32] = []
    let table = try read(path) { field, column, place in
      let name = text(field)
      if name.isEmpty {
        classes.append(-1)
      } else if let index = classNames.firstIndex(of: name) {
        classes.append(Int32(index))
      } else if let index = DecimalText.integer(field), (-1..<Int64(classNames.count)).contains(index) {
        classes.append(Int32(index))
      } else {
        throw MarketError(
          "table-label", subject: place, expected: "one of \(classNames.joined(separator: ", ")), or its index", found: "'\(name)'")
      }
    }
    guard table.columns == ["label"] else {
      throw MarketError(
        "table-columns", subject: path, expected: "one column 'label' beside time and symbol",
        found: table.columns.isEmpty ? "none" : table.columns.joined(separator: ", "))
    }
    return try LabelTable(source: path, keys: table.keys, moment: moment, classes: classes, classCount: classNames.count)
  }

  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  /// Calls `body` with each field that is neither time nor symbol.
  private static func read(
    _ path: String, _ body: (_ field: UnsafeBufferPointer<UInt8>, _ column: String, _ place: String) throws -> Void
  ) throws -> (keys: RowKeys, columns: [String]) {
    var delimiter = UInt8(ascii: ",")
    var names: [String] = []
    var timeColumn = 0
    var symbolColumn: Int?
    var times: [Int64] = []
    var symbols: [String] = []
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      let place = "\(path):\(number)"
      if names.isEmpty {
        delimiter = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].max { first, second in
          line.count { $0 == first } < line.count { $0 == second }
        } ?? delimiter
        names = line.split(separator: delimiter, omittingEmptySubsequences: false).map { text(UnsafeBufferPointer(rebasing: $0).trimmed) }
        guard let column = names.firstIndex(of: "time"), Set(names).count == names.count else {
          throw MarketError(
            "table-columns", subject: place, expected: "a header with 'time' and different names",
            found: names.prefix(8).joined(separator: ", "))
        }
        timeColumn = column
        symbolColumn = names.firstIndex(of: "symbol")
        return
      }
      let fields = line.split(separator: delimiter, omittingEmptySubsequences: false).map { UnsafeBufferPointer(rebasing: $0).trimmed }
      guard fields.count == names.count else {
        throw MarketError("table-columns", subject: place, expected: "\(names.count) fields", found: "\(fields.count)")
      }
      for (index, field) in fields.enumerated() {
        if index == timeColumn {
          guard let time = DecimalText.integer(field) else {
            throw MarketError("table-time", subject: place, expected: "Unix milliseconds or seconds", found: "'\(text(field))'")
          }
          times.append(time.magnitude < 100_000_000_000 ? time * 1000 : time)
        } else if index == symbolColumn {
          symbols.append(text(field))
        } else {
          try body(field, names[index], place)
        }
      }
    }
    guard !times.isEmpty else {
      throw MarketError("table-rows", subject: path, expected: "at least one row under a header", found: "none")
    }
    let columns = names.indices.filter { $0 != timeColumn && $0 != symbolColumn }.map { names[$0] }
    return (RowKeys(times: times, symbols: symbolColumn == nil ? nil : symbols), columns)
  }
}
