/// A part of a dataset. Time runs from the first to the last.
public enum DatasetPart: String, Codable, Sendable, CaseIterable {
  /// Weights, normalizers, calibration ranges.
  case train
  /// Early stopping, thresholds, search, the choice.
  case validation
  /// Reports what was already chosen.
  case test
}

/// How a dataset is cut along time.
///
/// The cuts lie at shares of the distinct decision times. Around a cut at time `B`, the first decision of the later
/// part as cut:
/// - *purged* from the earlier part is each row whose label ends at `B` or later, that is, whose decision time plus
///   the horizon does not lie before `B`;
/// - *embargoed* from the later part is each row decided before `B` plus the embargo.
public struct ChronologicalSplit: Codable, Sendable, Hashable {
  /// Share of the decision times before the first cut.
  public let train: Double
  /// Share between the cuts; what is left is the test part.
  public let validation: Double
  /// Candles; nil for as many as the label's horizon.
  public let embargo: Int?

  /// - Throws: `market.split-shares` unless all three shares are positive; `market.split-embargo` for a negative one.
  public init(train: Double, validation: Double, embargo: Int? = nil) throws(MarketError) {
    guard train > 0, validation > 0, train + validation < 1 else {
      throw MarketError(
        "split-shares", subject: "split", expected: "positive shares for train and validation that leave some for test",
        found: "\(train) and \(validation)", category: .usage)
    }
    if let embargo, !(0...1_000_000).contains(embargo) {
      throw MarketError(
        "split-embargo", subject: "split.embargo", expected: "0 to 1000000 candles", found: "\(embargo)",
        category: .usage)
    }
    self.train = train
    self.validation = validation
    self.embargo = embargo
  }

  private init() {
    train = 0.6
    validation = 0.2
    embargo = nil
  }

  /// 60 % train, 20 % validation, 20 % test; an embargo of the horizon.
  public static let standard = ChronologicalSplit()

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      train: container.decode(Double.self, forKey: .train),
      validation: container.decode(Double.self, forKey: .validation),
      embargo: container.decodeIfPresent(Int.self, forKey: .embargo))
  }

  /// The row ranges of the parts.
  ///
  /// - Parameters:
  ///   - times: decision time per row, ascending, Unix milliseconds; several rows may share one.
  ///   - horizon: of the label, in candles.
  ///   - interval: length of a candle, milliseconds.
  ///   - calendar: when the market trades; horizon and embargo then count its sessions.
  /// - Throws: `market.part-empty` where a part has no row left.
  func ranges(
    times: [Int64], horizon: Int, interval: Int64, calendar: SessionCalendar? = nil
  ) throws(MarketError) -> PartRanges {
    var distinct: [Int64] = []
    for time in times where time != distinct.last { distinct.append(time) }
    guard distinct.count >= 3 else {
      throw MarketError(
        "part-empty", subject: "split", expected: "at least 3 decision times", found: "\(distinct.count)")
    }
    let first = distinct[min(Int(Double(distinct.count) * train), distinct.count - 1)]
    let second = distinct[min(Int(Double(distinct.count) * (train + validation)), distinct.count - 1)]
    let pause = embargo ?? horizon
    /// The decision time so many candles from another.
    func time(_ time: Int64, _ candles: Int) -> Int64 {
      guard let calendar else { return time + Int64(candles) * interval }
      let start = calendar.start(time - interval, advancedBy: candles)
      return start.map { $0 + interval } ?? (candles < 0 ? .min : .max)
    }
    return PartRanges(
      train: try range(.train, in: times, from: .min, to: time(first, -horizon)),
      validation: try range(.validation, in: times, from: time(first, pause), to: time(second, -horizon)),
      test: try range(.test, in: times, from: time(second, pause), to: .max),
      cuts: [lowerBound(of: first, in: times), lowerBound(of: second, in: times)])
  }

  /// The rows decided at `from` or later and before `to`.
  private func range(
    _ part: DatasetPart, in times: [Int64], from: Int64, to: Int64
  ) throws(MarketError) -> Range<Int> {
    let lower = lowerBound(of: from, in: times)
    let upper = lowerBound(of: to, in: times)
    guard lower < upper else {
      throw MarketError(
        "part-empty", subject: "split.\(part.rawValue)",
        expected: "rows left after purging and embargo (more candles, or a shorter horizon)", found: "none")
    }
    return lower..<upper
  }

  /// The first row decided at `time` or later.
  private func lowerBound(of time: Int64, in times: [Int64]) -> Int {
    var range = times.startIndex..<times.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = times[middle] < time ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }
}

/// Which rows belong to which part; the rows between the parts belong to none.
public struct PartRanges: Sendable, Hashable {
  public let train: Range<Int>
  public let validation: Range<Int>
  public let test: Range<Int>
  /// The rows at which the parts were cut, before purging and embargo.
  let cuts: [Int]

  public subscript(part: DatasetPart) -> Range<Int> {
    switch part {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  /// The same parts of rows that are counted otherwise.
  ///
  /// - Parameter place: where a row, or the end of the rows, has come to stand.
  func mapped(_ place: (Int) -> Int) -> PartRanges {
    func range(_ part: Range<Int>) -> Range<Int> { place(part.lowerBound)..<place(part.upperBound) }
    return PartRanges(train: range(train), validation: range(validation), test: range(test), cuts: cuts.map(place))
  }

  /// Rows taken from the ends of earlier parts because their labels reach into the next.
  public var purged: Int { cuts[0] - train.upperBound + cuts[1] - validation.upperBound }

  /// Rows taken from the beginnings of later parts.
  public var embargoed: Int { validation.lowerBound - cuts[0] + test.lowerBound - cuts[1] }
}
