import PareCompression
import PareMarket

/// What the model is fed.
public struct FeatureChoice: Sendable, Hashable {
  /// Features that were computed elsewhere, in place of those that Pare computes of the candles.
  public var table: TableFile?
  /// What of an order book, in place of features of candles.
  public var book: BookChoice?
  /// What is computed of a candle.
  public var columns: [Feature]
  /// Coarser candles whose features are added: 15 minutes, an hour.
  public var coarser: [CandleInterval]
  /// How many of the newest candles a row holds the features of: what a network over sequences sees.
  public var window: Int
  /// Whether a row holds the columns of all symbols at its time, and whose it is (`CrossSectionLayout`).
  public var crossSection: Bool
  public var normalizer: NormalizerKind
  /// Normalized values are clipped to this many units either side (where the normalizer has no bounds of its own).
  public var clip: Double

  public init(
    book: BookChoice? = nil, columns: [Feature] = Feature.standard, coarser: [CandleInterval] = [], window: Int = 1,
    crossSection: Bool = false, normalizer: NormalizerKind = .zScore, clip: Double = 5
  ) {
    self.book = book
    self.columns = columns
    self.coarser = coarser
    self.window = window
    self.crossSection = crossSection
    self.normalizer = normalizer
    self.clip = clip
  }

  /// The same without other symbols' columns.
  var ofOneSymbol: FeatureChoice {
    var choice = self
    choice.crossSection = false
    return choice
  }
}

/// How the probability at which a candidate trades is found, on the validation part.
public enum ThresholdPolicy: Sendable, Hashable {
  /// Such that this share of the decisions, the most confident ones, are traded.
  case coverage(Double)
  /// This probability.
  case fixed(Double)
  /// The one of several coverages that earns the most after costs.
  case tuned
}

extension FeatureChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case file, tensor, time, book, columns, coarser, window, normalizer, clip
    case crossSection = "cross-section"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init()
    let path = ParameterPath(decoder.codingPath)
    if let file = try container.decodeIfPresent(String.self, forKey: .file) {
      table = TableFile(
        path: file, tensor: try container.decodeIfPresent(String.self, forKey: .tensor),
        moment: try container.wordIfPresent(forKey: .time) ?? .close)
      for key in [CodingKeys.book, .columns, .coarser, .window, .crossSection] {
        try path.key(key).require(!container.contains(key), expected: "none beside a file of features", found: "one")
      }
    } else {
      for key in [CodingKeys.tensor, .time] {
        try path.key(key).require(!container.contains(key), expected: "none without 'file'", found: "one")
      }
    }
    book = try container.decodeIfPresent(BookChoice.self, forKey: .book)
    for key in [CodingKeys.columns, .coarser, .window, .crossSection] where book != nil {
      try path.key(key).require(!container.contains(key), expected: "none beside 'book', which has its own", found: "one")
    }
    columns = try container.featuresIfPresent(forKey: .columns) ?? columns
    coarser = try container.intervalsIfPresent(forKey: .coarser) ?? coarser
    window = try container.decodeIfPresent(Int.self, forKey: .window) ?? window
    try path.key(CodingKeys.window).require(
      (1...10_000).contains(window), expected: "1 to 10000 candles", found: window)
    normalizer = try container.wordIfPresent(forKey: .normalizer) ?? normalizer
    clip = try container.decodeIfPresent(Double.self, forKey: .clip) ?? clip
    try path.key(CodingKeys.clip).require(clip > 0 && clip.isFinite, expected: "a positive number", found: clip)
    crossSection = try container.decodeIfPresent(Bool.self, forKey: .crossSection) ?? crossSection
    try path.key(CodingKeys.clip).require(
      !crossSection || clip >= 1, expected: "at least 1 with 'cross-section', so that a one-hot passes", found: clip)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let table {
      try container.encode(table.path, forKey: .file)
      try container.encodeIfPresent(table.tensor, forKey: .tensor)
      try container.encode(table.moment, forKey: .time)
    } else if let book {
      try container.encode(book, forKey: .book)
    } else {
      if columns != Feature.standard { try container.encode(columns.map(\.description), forKey: .columns) }
      try container.encode(coarser, forKey: .coarser)
      if window > 1 { try container.encode(window, forKey: .window) }
      if crossSection { try container.encode(crossSection, forKey: .crossSection) }
    }
    try container.encode(normalizer, forKey: .normalizer)
    try container.encode(clip, forKey: .clip)
  }
}

extension ThresholdPolicy: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case coverage, threshold, tuned
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath).key(key)
    switch key {
    case .coverage:
      let share = try container.decode(Double.self, forKey: key)
      try path.require(share > 0 && share <= 1, expected: "a share above 0 and at most 1", found: share)
      self = .coverage(share)
    case .threshold:
      let threshold = try container.decode(Double.self, forKey: key)
      try path.require((0...1).contains(threshold), expected: "a probability in 0 ... 1", found: threshold)
      self = .fixed(threshold)
    case .tuned:
      let flag = try container.decode(Bool.self, forKey: key)
      try path.require(flag, expected: "true", found: flag)
      self = .tuned
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .coverage(let share): try container.encode(share, forKey: .coverage)
    case .fixed(let threshold): try container.encode(threshold, forKey: .threshold)
    case .tuned: try container.encode(true, forKey: .tuned)
    }
  }
}
