extension MarketDataset {
  /// The dataset without the rows of which `isKept` says no; parts keep what is left of them.
  ///
  /// What decides must be known at a row's own time, as whether a longer warm-up is over; else absence would tell the future.
  ///
  /// - Parameter isKept: one per row.
  /// - Throws: `market.too-few-rows` or `one-class` where a part has too little left.
  public func keeping(_ isKept: [Bool]) throws(MarketError) -> MarketDataset {
    precondition(isKept.count == rowCount, "one answer per row")
    guard isKept.contains(false) else { return self }
    let kept = MarketDataset(picking: isKept.indices.filter { isKept[$0] }, of: self)
    try kept.checkParts()
    return kept
  }

  /// When the decisions of a part are made, from its first to its last.
  public func decisionTimes(of part: DatasetPart) -> ClosedRange<Int64> {
    times[parts[part].lowerBound]...times[parts[part].upperBound - 1]
  }

  /// The rows decided within some time, labelled or not.
  public func rows(within span: ClosedRange<Int64>) -> Range<Int> {
    let first = times.firstIndex { $0 >= span.lowerBound } ?? times.count
    return first..<(times[first...].firstIndex { $0 > span.upperBound } ?? times.count)
  }

  /// The labelled rows decided within some time, whatever part they belong to.
  public func labelled(within span: ClosedRange<Int64>) -> LabelledRows {
    labelled(times.indices.filter { span.contains(times[$0]) })
  }

  /// Where each row of another dataset of the same series stands in this one; −1 where it does not.
  public func places(of other: MarketDataset) -> [Int] {
    var places = keys.map { _ in [Int: Int]() }
    for row in times.indices { places[Int(symbolIDs[row])][candleIndices[row]] = row }
    let symbols = other.keys.map { key in keys.firstIndex(of: key) }
    return other.times.indices.map { row in
      symbols[Int(other.symbolIDs[row])].flatMap { places[$0][other.candleIndices[row]] } ?? -1
    }
  }
}
