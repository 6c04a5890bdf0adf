/// Whatever decides: a model behind a threshold, a rule, an oracle. The backtest sees no more of it than this.
public protocol SignalSource: Sendable {
  /// The target position decided at the close of each candle: −1 short, 0 flat, 1 long.
  ///
  /// A decision at candle `t` may use candles up to and including `t`.
  ///
  /// - Returns: one per candle of `candles`.
  func targetPositions(over candles: Range<Int>) throws -> [Int8]
}

/// The same position at every candle: flat, or buy-and-hold.
public struct ConstantPosition: SignalSource {
  public let position: Int8

  public static let flat = ConstantPosition(position: 0)
  public static let buyAndHold = ConstantPosition(position: 1)

  public func targetPositions(over candles: Range<Int>) -> [Int8] {
    Array(repeating: position, count: candles.count)
  }
}

/// Decisions made at some candles, each in force as its rule says.
public struct DecidedPositions: SignalSource {
  private let decisions: [Int8]
  private let candles: [Int]
  private let holding: Holding

  /// - Parameters:
  ///   - decisions: −1, 0 or 1.
  ///   - candles: the candle at whose close each decision was made, strictly ascending.
  /// - Throws: `backtest.decisions` where the two do not match or candles do not ascend; `backtest.holding`;
  ///   `backtest.position`.
  public init(decisions: [Int8], at candles: [Int], holding: Holding = .untilNextDecision) throws(BacktestError) {
    guard decisions.count == candles.count else {
      throw BacktestError(
        "decisions", subject: "decisions", expected: "one for each of \(candles.count) candles",
        found: "\(decisions.count)")
    }
    guard zip(candles, candles.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw BacktestError("decisions", subject: "decisions", expected: "candles in ascending order", found: "disorder")
    }
    if case .candles(let count) = holding, !(1...1_000_000).contains(count) {
      throw BacktestError(
        "holding", subject: "holding", expected: "1 to 1000000 candles", found: "\(count)", category: .usage)
    }
    try checkPositions(decisions)
    self.decisions = decisions
    self.candles = candles
    self.holding = holding
  }

  /// Flat before the first decision, whichever range is asked for.
  public func targetPositions(over range: Range<Int>) -> [Int8] {
    var positions = [Int8](repeating: 0, count: range.count)
    var next = 0
    var held: Int8 = 0
    var heldUntil = Int.max
    let start = min(range.lowerBound, candles.first ?? range.lowerBound)
    for candle in start..<range.upperBound {
      if next < candles.count, candles[next] == candle {
        let decision = decisions[next]
        next += 1
        switch holding {
        case .untilNextDecision: held = decision
        case .candles(let count):
          if decision != 0 {
            held = decision
            heldUntil = candle + count
          }
        }
      }
      if candle >= heldUntil { held = 0 }
      if candle >= range.lowerBound { positions[candle - range.lowerBound] = held }
    }
    return positions
  }
}

/// How long a decision stays in force.
public enum Holding: Sendable, Hashable {
  /// The position follows the latest decision: a decision of 0 closes it at once, and where no decision is made
  /// (a warm-up after a gap) the latest one stays.
  case untilNextDecision
  /// A decision to be long or short stays for so many candles (1 or more), whatever decisions of 0 come meanwhile;
  /// another such decision replaces it and starts the count again.
  case candles(Int)
}

/// - Throws: `backtest.position`, naming the first that is neither −1, 0 nor 1.
func checkPositions(_ positions: [Int8]) throws(BacktestError) {
  guard let place = positions.firstIndex(where: { $0 < -1 || $0 > 1 }) else { return }
  throw BacktestError(
    "position", subject: "position \(place)", expected: "-1, 0 or 1", found: "\(positions[place])")
}
