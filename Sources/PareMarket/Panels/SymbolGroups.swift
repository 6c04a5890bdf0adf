/// Which groups each symbol belongs to: one, as with sectors, or many, as with concepts.
public struct SymbolGroups: Sendable, Hashable {
  /// Names of the groups, ascending.
  public let names: [String]
  /// Per symbol its groups, as places in `names`, ascending and unique.
  public let groups: [String: [Int]]

  /// - Parameter members: pairs of symbol and group; a repetition counts once.
  public init(_ members: some Sequence<(symbol: String, group: String)>) {
    var bySymbol: [String: Set<String>] = [:]
    for (symbol, group) in members { bySymbol[symbol, default: []].insert(group) }
    let names = bySymbol.values.reduce(into: Set()) { $0.formUnion($1) }.sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    self.names = names
    groups = bySymbol.mapValues { $0.compactMap { places[$0] }.sorted() }
  }

  /// How many groups two symbols share.
  public func shared(_ one: String, _ other: String) -> Int {
    Set(groups[one] ?? []).intersection(groups[other] ?? []).count
  }

  /// Reads a comma-separated file, plain or gzip, with a header: `symbol`, and a column that names the group. A symbol
  /// may have several rows. Fields with commas are quoted.
  ///
  /// - Parameters:
  ///   - column: the group's; nil takes the only one of `group`, `sector`, `industry` and `concept` that there is.
  ///   - policy: what to do with rows that lack a symbol or its group.
  /// - Throws: `MarketError` that names the line: `group-columns`, `group-field` under `.refuse`; `group-rows` without any; `unreadable`.
  public static func read(path: String, column: String? = nil, policy: BadRowPolicy = .refuse) throws -> SymbolGroups {
    var places: (symbol: Int, group: Int, count: Int)?
    var members: [(symbol: String, group: String)] = []
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      let place = "\(path):\(number)"
      let fields = DelimitedFields.split(line)
      guard let known = places else {
        places = try header(fields, column: column, place)
        return
      }
      guard fields.count == known.count else {
        throw MarketError("group-columns", subject: place, expected: "\(known.count) fields", found: "\(fields.count)")
      }
      let member = (symbol: fields[known.symbol], group: fields[known.group])
      guard !member.symbol.isEmpty, !member.group.isEmpty else {
        if policy == .skip { return }
        throw MarketError(
          "group-field", subject: place, expected: "a symbol and its group", found: "'\(member.symbol)' and '\(member.group)'")
      }
      members.append(member)
    }
    guard !members.isEmpty else {
      throw MarketError("group-rows", subject: path, expected: "at least one row under a header", found: "none")
    }
    return SymbolGroups(members)
  }

  private static func header(_ names: [String], column: String?, _ place: String) throws(MarketError)
    -> (symbol: Int, group: Int, count: Int)
  {
    let known = column.map { [$0] } ?? ["group", "sector", "industry", "concept"]
    let groups = names.indices.filter { known.contains(names[$0]) }
    guard let symbol = names.firstIndex(of: "symbol"), groups.count == 1, Set(names).count == names.count else {
      let wanted = column ?? "one of group, sector, industry and concept"
      throw MarketError(
        "group-columns", subject: place, expected: "a header with 'symbol' and \(wanted)",
        found: names.prefix(8).joined(separator: ", "))
    }
    return (symbol, groups[0], names.count)
  }
}
