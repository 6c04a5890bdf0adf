extension SymbolGraph {
  /// Everyone hears everyone else with weight 1.
  ///
  /// - Throws: `market.graph-symbols`.
  public static func full(_ symbols: [String]) throws(MarketError) -> SymbolGraph {
    let count = symbols.count
    return try SymbolGraph(symbols: symbols, weights: (0..<count * count).map { $0 / count == $0 % count ? 0 : 1 })
  }

  /// Symbols that share groups hear each other, with the number of shared groups as the weight.
  ///
  /// - Parameter policy: what to do with symbols without a group; skipped, they hear nobody.
  /// - Throws: `market.graph-symbols`; `market.graph-symbol` for a symbol without a group, under `.refuse`.
  public static func groups(
    _ groups: SymbolGroups, _ symbols: [String], policy: BadRowPolicy = .refuse
  ) throws(MarketError) -> SymbolGraph {
    if policy == .refuse, let unknown = symbols.first(where: { groups.groups[$0] == nil }) {
      throw MarketError("graph-symbol", subject: "groups", expected: "a group for every symbol", found: "none for \(unknown)")
    }
    let sets = symbols.map { Set(groups.groups[$0] ?? []) }
    var weights = [Float](repeating: 0, count: symbols.count * symbols.count)
    for i in symbols.indices {
      for j in symbols.indices where i != j { weights[i * symbols.count + j] = Float(sets[i].intersection(sets[j]).count) }
    }
    return try SymbolGraph(symbols: symbols, weights: weights)
  }

  /// Reads a comma-separated file, plain or gzip, with the header `source,target,weight` in any order, an edge per row: the
  /// target hears the source. Without `weight` all weigh 1.
  ///
  /// - Parameters:
  ///   - bothWays: each row stands for both directions.
  ///   - policy: what to do with edges of symbols that are not asked for.
  /// - Throws: `MarketError` that names the line: `graph-columns`; `graph-symbol` under `.refuse`; `graph-edge` for an edge
  ///   from a symbol to itself, a repetition, or a weight that is zero or not finite. `graph-symbols`; `graph-rows` for a
  ///   file without an edge; `unreadable`.
  public static func read(
    path: String, _ symbols: [String], bothWays: Bool = false, policy: BadRowPolicy = .refuse
  ) throws -> SymbolGraph {
    var weights = try full(symbols).weights.map { _ in Float(0) }
    let places = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0) })
    var header: [String]?
    var rows = 0
    try TextLines.forEach(in: path) { number, line in
      guard !line.trimmed.isEmpty else { return }
      let place = "\(path):\(number)"
      let fields = DelimitedFields.split(line)
      guard let header else {
        guard Set(fields).count == fields.count, Set(["source", "target"]).isSubset(of: fields),
          Set(fields).isSubset(of: ["source", "target", "weight"])
        else {
          throw MarketError(
            "graph-columns", subject: place, expected: "source, target and perhaps weight, once each",
            found: fields.prefix(8).joined(separator: ", "))
        }
        header = fields
        return
      }
      guard fields.count == header.count else {
        throw MarketError("graph-columns", subject: place, expected: "\(header.count) fields", found: "\(fields.count)")
      }
      rows += 1
      let row = Dictionary(uniqueKeysWithValues: zip(header, fields))
      let (source, target) = (row["source"] ?? "", row["target"] ?? "")
      guard let from = places[source], let to = places[target] else {
        if policy == .skip { return }
        throw MarketError(
          "graph-symbol", subject: place, expected: "symbols of the graph",
          found: "'\(places[source] == nil ? source : target)'")
      }
      func refusal(_ expected: String, _ found: String) -> MarketError {
        MarketError("graph-edge", subject: place, expected: expected, found: found)
      }
      let text = row["weight"] ?? "1"
      guard let weight = DecimalText.double(text).map({ Float($0) }), weight != 0, weight.isFinite else {
        throw refusal("a finite weight other than 0", "'\(text)'")
      }
      guard from != to else { throw refusal("an edge between two symbols (loops are added apart)", "\(source) to itself") }
      for (listener, heard) in bothWays ? [(to, from), (from, to)] : [(to, from)] {
        let entry = listener * symbols.count + heard
        guard weights[entry] == 0 else { throw refusal("each edge once", "\(source) to \(target) again") }
        weights[entry] = weight
      }
    }
    guard rows > 0 else {
      throw MarketError("graph-rows", subject: path, expected: "at least one edge under a header", found: "none")
    }
    return try SymbolGraph(symbols: symbols, weights: weights)
  }
}
