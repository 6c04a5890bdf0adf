import PareCompression
import PareMarket

/// Windows that move through the data: in each, models are trained, pared down, judged and chosen from anew.
///
/// Test parts follow each other, no more than an embargo apart, and never overlap: together they are one long stretch of
/// decisions by models that had seen nothing of it.
public struct WalkForward: Sendable, Hashable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Every window is as long as the others.
    case rolling
    /// Every window begins with the data.
    case expanding
  }

  public var windows: Int
  public var kind: Kind

  public init(windows: Int, kind: Kind = .rolling) {
    self.windows = windows
    self.kind = kind
  }

  /// A window's candles, and how they are split.
  public struct Window: Sendable, Hashable {
    public var candles: Range<Int>
    public var split: ChronologicalSplit
  }

  /// The windows over so many candles.
  ///
  /// With shares `a`, `v`, `s` of train, validation and test, rolling windows have `L = n / (1 + (k − 1) s)` candles, each beginning `s L`
  /// after the one before. Expanding ones end where those do and have as many candles in validation and test.
  public func windows(candles count: Int, split: ChronologicalSplit) throws -> [Window] {
    let test = 1 - split.train - split.validation
    let length = Double(count) / (1 + Double(windows - 1) * test)
    return try (0..<windows).map { index in
      let begin = Double(index) * test * length
      let end = index == windows - 1 ? count : Int(begin + length)
      switch kind {
      case .rolling: return Window(candles: Int(begin)..<end, split: split)
      case .expanding:
        let share = length / Double(end)
        return Window(
          candles: 0..<end,
          split: try ChronologicalSplit(
            train: 1 - (split.validation + test) * share, validation: split.validation * share, embargo: split.embargo))
      }
    }
  }
}

extension WalkForward: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case windows, kind
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      windows: try container.decode(Int.self, forKey: .windows), kind: try container.wordIfPresent(forKey: .kind) ?? .rolling)
    try ParameterPath(decoder.codingPath).key(CodingKeys.windows).require(
      (2...100).contains(windows), expected: "2 to 100 windows", found: windows)
  }
}
