/// What one column of a feature row holds. Every feature is scale-free: multiplying all prices or all volumes by a
/// constant changes none of them.
///
/// `c`, `o`, `h`, `l`, `v` are close, open, high, low and volume of the newest completed candle, `c₁` the close one
/// candle before it, and so on; a window of `n` holds the newest `n` candles. A quotient whose denominator is zero
/// is 0. `docs/features.md` has the table of formulas.
public enum Feature: Hashable, Sendable {
  /// `c / cₙ − 1`.
  case `return`(Int)
  /// `(c − o) / o`.
  case body
  /// `(h − l) / o`.
  case rangeOverOpen
  /// `(h − l) / c`.
  case rangeOverClose
  /// Sample standard deviation of the newest `n ≥ 2` one-candle returns.
  case volatility(Int)
  /// Net change measured in ranges: `(c − cₙ) / Σ trueRangeᵢ` over `n` candles, in [−1, 1]; ±1 is a straight line.
  case momentum(Int)
  /// `c / mean(close) − 1` over `n` candles.
  case averageRatio(Int)
  /// `v / mean(volume) − 1` over `n` candles; 0 where no candle of the window traded.
  case volumeRatio(Int)
  /// `Σ vᵢ·rᵢ / Σ vᵢ` over the newest `n` one-candle returns `rᵢ`; 0 where none of them traded.
  case volumeWeightedReturn(Int)
  /// The relative strength index on [−1, 1]: `(gains − losses) / (gains + losses)` over `n` changes of the close,
  /// which is `RSI / 50 − 1`. Sums are plain (Cutler's form), so the value depends on the window alone.
  case relativeStrength(Int)
  /// Mean true range over `n` candles, divided by `c`. The true range reaches to the previous close.
  case averageTrueRange(Int)
  /// `sin(2π·τ)`, `τ` the share of the UTC day gone when the candle closes.
  case timeOfDaySine
  /// `cos(2π·τ)`.
  case timeOfDayCosine
  /// 1 where the newest `n` candles are of this regime, else 0; see `MarketRegime`.
  case regime(MarketRegime, Int)
  /// How the newest candle is drawn; see `CandleShape`.
  case shape(CandleShape)
  /// A statistic of the newest `n` candles; see `WindowStatistic`.
  case statistic(WindowStatistic, Int)

  /// The longest window that a feature may have, in candles.
  public static let longestWindow = 10_000

  /// The 20 features that a schema has unless told otherwise.
  public static let standard: [Feature] = [
    .return(1), .return(5), .return(10), .return(20), .body, .rangeOverOpen, .rangeOverClose,
    .volatility(10), .volatility(20), .momentum(10), .averageRatio(5), .averageRatio(10), .averageRatio(20),
    .volumeRatio(5), .volumeRatio(20), .volumeWeightedReturn(20), .relativeStrength(14), .averageTrueRange(14),
    .timeOfDaySine, .timeOfDayCosine,
  ]

  /// The smallest window with a meaning, and the window; nil for a feature of the newest candle alone.
  var window: (least: Int, length: Int)? {
    switch self {
    case .return(let n), .momentum(let n), .averageRatio(let n), .volumeRatio(let n), .volumeWeightedReturn(let n),
      .relativeStrength(let n), .averageTrueRange(let n):
      (1, n)
    case .volatility(let n): (2, n)
    case .regime(_, let n): (MarketRegime.shortest, n)
    case .statistic(let statistic, let n): (statistic.least, n)
    case .body, .rangeOverOpen, .rangeOverClose, .timeOfDaySine, .timeOfDayCosine, .shape: nil
    }
  }

  /// How many consecutive candles the feature needs, the newest included.
  public var candlesNeeded: Int {
    switch self {
    case .return(let n), .volatility(let n), .momentum(let n), .volumeWeightedReturn(let n),
      .relativeStrength(let n), .averageTrueRange(let n):
      n + 1
    case .averageRatio(let n), .volumeRatio(let n): n
    case .regime(_, let n): MarketRegime.longer * n + 1
    case .statistic(let statistic, let n): statistic.readsChanges ? n + 1 : n
    case .body, .rangeOverOpen, .rangeOverClose, .timeOfDaySine, .timeOfDayCosine, .shape: 1
    }
  }

  /// Whether the feature tells the time, which a coarser candle tells no better.
  var isClock: Bool { self == .timeOfDaySine || self == .timeOfDayCosine }

  /// Whether its numbers measure something that has noise: all but the time of day and the flags of regimes.
  var isMeasurement: Bool {
    if case .regime = self { false } else { !isClock }
  }
}

extension Feature: CustomStringConvertible {
  private static let plain: [(name: String, feature: Feature)] = [
    ("body", .body), ("range-over-open", .rangeOverOpen), ("range-over-close", .rangeOverClose),
    ("time-of-day-sine", .timeOfDaySine), ("time-of-day-cosine", .timeOfDayCosine),
  ] + CandleShape.allCases.map { (name: $0.rawValue, feature: .shape($0)) }
  private static let windowed: [(name: String, make: @Sendable (Int) -> Feature)] = [
    ("return", { .return($0) }), ("volatility", { .volatility($0) }), ("momentum", { .momentum($0) }),
    ("average-ratio", { .averageRatio($0) }), ("volume-ratio", { .volumeRatio($0) }),
    ("volume-weighted-return", { .volumeWeightedReturn($0) }), ("relative-strength", { .relativeStrength($0) }),
    ("average-true-range", { .averageTrueRange($0) }),
  ]
  private static let regimes: [(name: String, make: @Sendable (Int) -> Feature)] = MarketRegime.allCases.map { regime in
    (name: regime.rawValue, make: { @Sendable n in .regime(regime, n) })
  }
  private static let statistics: [(name: String, make: @Sendable (Int) -> Feature)] = WindowStatistic.allCases.map { statistic in
    (name: statistic.rawValue, make: { @Sendable n in .statistic(statistic, n) })
  }

  /// The names that `init(name:)` reads, windows written as `(n)`.
  public static var knownNames: [String] { plain.map(\.name) + (windowed + regimes + statistics).map { $0.name + "(n)" } }

  /// The spelling that files use: `return(5)`, `body`.
  public var description: String {
    switch self {
    case .return(let n): "return(\(n))"
    case .body: "body"
    case .rangeOverOpen: "range-over-open"
    case .rangeOverClose: "range-over-close"
    case .volatility(let n): "volatility(\(n))"
    case .momentum(let n): "momentum(\(n))"
    case .averageRatio(let n): "average-ratio(\(n))"
    case .volumeRatio(let n): "volume-ratio(\(n))"
    case .volumeWeightedReturn(let n): "volume-weighted-return(\(n))"
    case .relativeStrength(let n): "relative-strength(\(n))"
    case .averageTrueRange(let n): "average-true-range(\(n))"
    case .timeOfDaySine: "time-of-day-sine"
    case .timeOfDayCosine: "time-of-day-cosine"
    case .regime(let regime, let n): "\(regime.rawValue)(\(n))"
    case .shape(let shape): shape.rawValue
    case .statistic(let statistic, let n): "\(statistic.rawValue)(\(n))"
    }
  }

  /// Reads the spelling that `description` writes.
  ///
  /// - Throws: `market.unknown-feature`; `market.feature-window` for a window out of bounds.
  public init(name: String) throws(MarketError) {
    if let found = Self.plain.first(where: { $0.name == name }) {
      self = found.feature
      return
    }
    let parts = name.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].last == ")", let length = Int(parts[1].dropLast()),
      let found = (Self.windowed + Self.regimes + Self.statistics).first(where: { $0.name == parts[0] })
    else {
      throw MarketError(
        "unknown-feature", subject: "features", expected: "one of " + Self.knownNames.joined(separator: ", "),
        found: "'\(name)'")
    }
    self = found.make(length)
    try validate()
  }

  /// - Throws: `market.feature-window` for a window that is too short to mean anything, or too long.
  func validate() throws(MarketError) {
    guard let window, !(window.least...Self.longestWindow).contains(window.length) else { return }
    throw MarketError(
      "feature-window", subject: "features.\(self)", expected: "a window of \(window.least) to \(Self.longestWindow)",
      found: "\(window.length)", category: .usage)
  }
}
