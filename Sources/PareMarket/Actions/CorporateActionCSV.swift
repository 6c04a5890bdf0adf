/// Files of corporate actions: comma-separated, plain or gzip, a header and an action per row.
///
/// Columns, in any order: `date` (the ex-date, `2024-12-25`), `split` (`2`, `1.5` or `3:2`; empty without one),
/// `dividend` (cash a share after the split; empty without one) and perhaps `symbol`. Of `split` and `dividend` one may
/// be left out.
public enum CorporateActionCSV {
  private static let columns = ["date", "symbol", "split", "dividend"]

  /// The actions by symbol, each list by ascending ex-date; several on one date stay in the order of their lines. The symbol
  /// is empty where the file has no such column.
  ///
  /// - Throws: `MarketError` that names the line: `action-columns`, `action-field`, `action`; `unreadable`.
  public static func read(path: String) throws -> [String: [CorporateAction]] {
    var header: [String]?
    var actions: [String: [CorporateAction]] = [:]
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      let place = "\(path):\(number)"
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
        String(decoding: UnsafeBufferPointer(rebasing: $0).trimmed, as: UTF8.self)
      }
      guard let header else {
        try check(header: fields, place)
        header = fields
        return
      }
      guard fields.count == header.count else {
        throw MarketError("action-columns", subject: place, expected: "\(header.count) fields", found: "\(fields.count)")
      }
      let (symbol, action) = try action(Dictionary(uniqueKeysWithValues: zip(header, fields)), place)
      actions[symbol, default: []].append(action)
    }
    guard header != nil else {
      throw MarketError("action-columns", subject: path, expected: "a header with 'date'", found: "an empty file")
    }
    return actions.mapValues { list in
      list.enumerated().sorted { ($0.element.exDate, $0.offset) < ($1.element.exDate, $1.offset) }.map(\.element)
    }
  }

  private static func check(header: [String], _ place: String) throws {
    guard header.contains("date"), header.contains("split") || header.contains("dividend"),
      Set(header).count == header.count, Set(header).isSubset(of: columns)
    else {
      throw MarketError(
        "action-columns", subject: place, expected: "date, split or dividend or both, and perhaps symbol, once each",
        found: header.prefix(8).joined(separator: ", "))
    }
  }

  private static func action(_ row: [String: String], _ place: String) throws -> (String, CorporateAction) {
    let text = row["date"] ?? ""
    guard let date = CalendarDate(text) else {
      throw MarketError("action-field", subject: place, expected: "a date from 1970 on, as 2024-12-25", found: "'\(text)'")
    }
    let (split, dividend) = (row["split"] ?? "", row["dividend"] ?? "")
    guard !split.isEmpty || !dividend.isEmpty else {
      throw MarketError("action-field", subject: place, expected: "a split or a dividend", found: "neither")
    }
    let parts = split.split(separator: ":", omittingEmptySubsequences: false).map { DecimalText.double(String($0)) }
    let ratio: Double? =
      switch parts.count {
      case _ where split.isEmpty: 1
      case 1: parts[0]
      case 2: parts[0].flatMap { after in parts[1].map { after / $0 } }
      default: nil
      }
    guard let ratio else {
      throw MarketError("action-field", subject: place, expected: "a split, as 2, 1.5 or 3:2", found: "'\(split)'")
    }
    guard let cash = dividend.isEmpty ? 0 : DecimalText.double(dividend) else {
      throw MarketError("action-field", subject: place, expected: "a dividend in numbers", found: "'\(dividend)'")
    }
    do {
      return (row["symbol"] ?? "", try CorporateAction(exDate: date, split: ratio, dividend: cash))
    } catch {
      throw MarketError("action", subject: "\(place): \(error.subject)", expected: error.expected, found: error.found)
    }
  }
}
