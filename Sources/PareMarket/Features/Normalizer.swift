/// Which statistics a normalizer centres and scales a column by.
public enum NormalizerKind: String, Codable, Sendable, CaseIterable {
  /// Mean 0, standard deviation (with n in the denominator) 1; clipped at ±`clip`.
  case zScore = "z-score"
  /// The training part's minimum to 0 and maximum to 1.
  case unit
  /// The training part's minimum to −1 and maximum to 1.
  case symmetric
  /// Median 0, interquartile range 1; clipped at ±`clip`. Quartiles interpolate linearly between order statistics.
  case robust
}

/// An affine map and a clip per column, in Float32: `y = min(max((x − offset) · scale, lower), upper)`.
///
/// Fitted on the training part only. It becomes the nodes Sub, Mul and Clip in front of a model. A column of zeros and ones alone says
/// whether something is the case, and is left as it is.
public struct Normalizer: Codable, Sendable, Hashable {
  public let kind: NormalizerKind
  /// One per column.
  public let offset: [Float]
  /// One per column, positive. 1 for a column whose spread (deviation, range or interquartile range) is zero or too
  /// small to be told from Float32's rounding at the column's magnitude.
  public let scale: [Float]
  /// Bounds of every normalized value.
  public let lower: Float
  public let upper: Float

  /// Fits to the columns of `rows`, with statistics in Double.
  ///
  /// - Parameters:
  ///   - rows: row-major `[rows × names.count]`, of the training part.
  ///   - names: of the columns.
  ///   - clip: the bound of `zScore` and `robust`, in deviations or interquartile ranges. The other two kinds are
  ///     clipped to their range.
  /// - Throws: `market.no-rows`; `market.feature-not-finite`, naming the first column and row;
  ///   `market.normalizer-clip` for a bound that is not positive and finite.
  public static func fit(
    _ kind: NormalizerKind, to rows: [Float], names: [String], clip: Float = 5
  ) throws(MarketError) -> Normalizer {
    let width = names.count
    precondition(width > 0 && rows.count % width == 0, "rows have one value per name")
    guard !rows.isEmpty else {
      throw MarketError("no-rows", subject: "normalizer", expected: "at least one row", found: "none")
    }
    guard clip > 0, clip.isFinite else {
      throw MarketError(
        "normalizer-clip", subject: "normalizer.clip", expected: "a positive number", found: "\(clip)",
        category: .usage)
    }
    var offset: [Float] = []
    var scale: [Float] = []
    for column in 0..<width {
      let values = stride(from: column, to: rows.count, by: width).map { Double(rows[$0]) }
      if let row = values.firstIndex(where: { !$0.isFinite }) {
        throw MarketError(
          "feature-not-finite", subject: names[column], expected: "a finite value",
          found: "\(values[row]) in row \(row)")
      }
      let fit = ColumnFit(kind, values)
      offset.append(Float(fit.centre))
      scale.append(fit.scale)
    }
    return switch kind {
    case .zScore, .robust: Normalizer(kind: kind, offset: offset, scale: scale, lower: -clip, upper: clip)
    case .unit: Normalizer(kind: kind, offset: offset, scale: scale, lower: 0, upper: 1)
    case .symmetric: Normalizer(kind: kind, offset: offset, scale: scale, lower: -1, upper: 1)
    }
  }

  /// Normalizes rows in place.
  ///
  /// - Parameter rows: row-major `[rows × offset.count]`.
  /// - Returns: how many values of each column lay out of range and were clipped.
  @discardableResult
  public func apply(to rows: inout [Float]) -> ClipReport {
    let width = offset.count
    precondition(rows.count % width == 0, "rows have one value per column")
    var clipped = [Int](repeating: 0, count: width)
    var column = 0
    for index in rows.indices {
      let value = (rows[index] - offset[column]) * scale[column]
      let bounded = min(max(value, lower), upper)
      if bounded != value { clipped[column] += 1 }
      rows[index] = bounded
      column = column + 1 == width ? 0 : column + 1
    }
    return ClipReport(rows: rows.count / width, clipped: clipped)
  }
}

extension Normalizer {
  /// - Throws: `market.normalizer` unless every column has a finite offset and a positive, finite scale, and the bounds
  ///   enclose something.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(NormalizerKind.self, forKey: .kind)
    offset = try container.decode([Float].self, forKey: .offset)
    scale = try container.decode([Float].self, forKey: .scale)
    lower = try container.decode(Float.self, forKey: .lower)
    upper = try container.decode(Float.self, forKey: .upper)
    guard !offset.isEmpty, offset.count == scale.count, offset.allSatisfy(\.isFinite),
      scale.allSatisfy({ $0 > 0 && $0.isFinite }), lower < upper
    else {
      throw MarketError(
        "normalizer", subject: "normalizer", expected: "a finite offset and a positive scale per column, lower < upper",
        found: "\(offset.count) offsets, \(scale.count) scales, \(lower) to \(upper)")
    }
  }
}

/// How much of a set of rows a normalizer clipped.
public struct ClipReport: Codable, Sendable, Hashable {
  public let rows: Int
  /// Values clipped, per column.
  public let clipped: [Int]

  /// Clipped values over all values, in [0, 1]; 0 without rows.
  public var share: Double {
    rows == 0 ? 0 : Double(clipped.reduce(0, +)) / (Double(rows) * Double(clipped.count))
  }
}

/// Centre and scale of one column.
private struct ColumnFit {
  let centre: Double
  let scale: Float

  /// - Precondition: `values` are finite and at least one.
  init(_ kind: NormalizerKind, _ values: [Double]) {
    let (least, most) = values.reduce((values[0], values[0])) { (min($0.0, $1), max($0.1, $1)) }
    let spread: Double
    let target: Double
    if values.allSatisfy({ $0 == 0 || $0 == 1 }) {
      (centre, scale) = (0, 1)
      return
    }
    switch kind {
    case .zScore:
      let mean = values.reduce(0, +) / Double(values.count)
      spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
      (centre, target) = (least == most ? least : mean, 1)
    case .unit:
      (centre, spread, target) = (least, most - least, 1)
    case .symmetric:
      (centre, spread, target) = (least / 2 + most / 2, most - least, 2)
    case .robust:
      let sorted = values.sorted()
      centre = Quantile.interpolated(0.5, of: sorted)
      spread = Quantile.interpolated(0.75, of: sorted) - Quantile.interpolated(0.25, of: sorted)
      target = 1
    }
    let resolution = Double(Float.ulpOfOne) * max(abs(least), abs(most))
    let candidate = Float(target / spread)
    scale = spread > resolution && candidate.isFinite ? candidate : 1
  }
}
