/// Feature rows that were computed elsewhere: whatever a model wants to see of the market, windows included.
public struct FeatureTable: Sendable {
  /// What messages call it: the file.
  public let source: String
  public let keys: RowKeys
  public let moment: RowKeys.Moment
  /// Extents of one row: `[40]`, or `[50, 40]` for windows.
  public let rowShape: [Int]
  /// Row-major `[rows × rowShape]`.
  public let values: [Float]
  /// A name for each number of a row.
  public let columns: [String]

  /// Numbers in a row.
  public var width: Int { rowShape.reduce(1, *) }

  /// - Parameter columns: by default the numbers' places, as `3` or `49.7`.
  /// - Throws: `market.table-shape` where the values are not `keys.count` rows of `rowShape`;
  ///   `market.feature-not-finite`, naming the row.
  public init(
    source: String, keys: RowKeys, moment: RowKeys.Moment = .close, rowShape: [Int], values: [Float], columns: [String]? = nil
  ) throws(MarketError) {
    let width = rowShape.reduce(1, *)
    guard width > 0, values.count == keys.count * width, columns.map({ $0.count == width }) ?? true else {
      throw MarketError(
        "table-shape", subject: source, expected: "a row of \(rowShape) for each of \(keys.count) times",
        found: "\(values.count) numbers")
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw MarketError(
        "feature-not-finite", subject: "\(source): row \(index / width)", expected: "finite numbers",
        found: "\(values[index]) at place \(index % width)")
    }
    self.source = source
    self.keys = keys
    self.moment = moment
    self.rowShape = rowShape
    self.values = values
    self.columns = columns ?? (0..<width).map { Self.place($0, in: rowShape) }
  }

  /// `3.7` for the number at row 3 and column 7 of a window.
  private static func place(_ index: Int, in shape: [Int]) -> String {
    var rest = index
    var places: [String] = []
    for extent in shape.reversed() {
      places.append(String(rest % extent))
      rest /= extent
    }
    return places.reversed().joined(separator: ".")
  }
}

/// Labels that were made elsewhere.
public struct LabelTable: Sendable {
  public let source: String
  public let keys: RowKeys
  public let moment: RowKeys.Moment
  /// Class per row; −1 where a row has none.
  public let classes: [Int32]

  /// - Throws: `market.table-shape` where there is not a class per key; `market.table-label` for a class out of range.
  public init(
    source: String, keys: RowKeys, moment: RowKeys.Moment = .close, classes: [Int32], classCount: Int
  ) throws(MarketError) {
    guard classes.count == keys.count else {
      throw MarketError("table-shape", subject: source, expected: "\(keys.count) labels", found: "\(classes.count)")
    }
    if let row = classes.firstIndex(where: { $0 < -1 || $0 >= Int32(classCount) }) {
      throw MarketError(
        "table-label", subject: "\(source): row \(row)", expected: "a class in 0 ..< \(classCount), or -1 for none",
        found: "\(classes[row])")
    }
    self.source = source
    self.keys = keys
    self.moment = moment
    self.classes = classes
  }
}
