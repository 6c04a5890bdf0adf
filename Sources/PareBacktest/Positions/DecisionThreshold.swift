/// Turns class probabilities into decisions: trade the likelier side where it is likely enough.
///
/// The *confidence* of a row is the probability of its likelier side: `max(p(down), p(up))` with two classes,
/// `max(p(sell), p(buy))` with three (sell, hold, buy). The decision is that side where the confidence is at least
/// `threshold`, and flat otherwise; equal sides are flat.
public struct DecisionThreshold: Codable, Sendable, Hashable {
  /// In Float32, like the probabilities that it is compared with, so that a deployed model decides the same.
  public let threshold: Float

  /// - Parameter threshold: any number but NaN; above 1 nothing is traded.
  public init(_ threshold: Float) throws(BacktestError) {
    guard !threshold.isNaN else {
      throw BacktestError("threshold", subject: "threshold", expected: "a number", found: "nan", category: .usage)
    }
    self.threshold = threshold
  }

  /// The threshold that trades about a share of the decisions with the greatest confidence.
  ///
  /// Equal confidences cannot be told apart, so of the reachable shares (none and all among them) the nearest is
  /// taken, the smaller where two are equally near. A model that is always equally confident thus trades nothing.
  ///
  /// - Parameters:
  ///   - share: of the decisions, in 0 ... 1; 0.1 unless told otherwise.
  ///   - probabilities: row-major `[rows × classCount]`, of the validation part.
  /// - Throws: `backtest.coverage`; what `ClassProbabilities` throws.
  public static func coverage(
    _ share: Double = 0.1, of probabilities: ClassProbabilities
  ) throws(BacktestError) -> DecisionThreshold {
    guard (0...1).contains(share) else {
      throw BacktestError(
        "coverage", subject: "threshold.coverage", expected: "a share in 0 ... 1", found: "\(share)", category: .usage)
    }
    let confidences = (0..<probabilities.rowCount)
      .filter { probabilities.side($0) != 0 }.map(probabilities.confidence).sorted(by: >)
    let wanted = share * Double(probabilities.rowCount)
    var best = (threshold: Float.infinity, distance: wanted)
    for (index, confidence) in confidences.enumerated()
    where index + 1 == confidences.count || confidences[index + 1] < confidence {
      let distance = abs(Double(index + 1) - wanted)
      if distance < best.distance { best = (confidence, distance) }
    }
    return try DecisionThreshold(best.threshold == .infinity ? Self.never : best.threshold)
  }

  /// The threshold among those of several coverages that earns the most by `value` on the validation part.
  ///
  /// - Parameters:
  ///   - shares: coverages to try, each in 0 ... 1.
  ///   - value: of the decisions that a threshold makes, higher is better; the net return of a backtest, say.
  /// - Returns: the best; the smallest coverage among equals.
  public static func tuned(
    on probabilities: ClassProbabilities, shares: [Double] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1],
    value: ([Int8]) throws -> Double
  ) throws -> DecisionThreshold {
    var best: (threshold: DecisionThreshold, value: Double)?
    for share in shares.sorted() {
      let threshold = try coverage(share, of: probabilities)
      let earned = try value(threshold.decisions(for: probabilities))
      if best.map({ earned > $0.value }) ?? true { best = (threshold, earned) }
    }
    guard let best else {
      throw BacktestError(
        "coverage", subject: "threshold.shares", expected: "at least one share", found: "none", category: .usage)
    }
    return best.threshold
  }

  /// One decision per row: −1, 0 or 1.
  public func decisions(for probabilities: ClassProbabilities) -> [Int8] {
    (0..<probabilities.rowCount).map {
      probabilities.confidence($0) >= threshold ? probabilities.side($0) : 0
    }
  }

  /// Above any probability, and finite, so that it can be stored as JSON.
  private static let never: Float = 2
}
