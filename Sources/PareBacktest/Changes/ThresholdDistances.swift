/// Decisions and their changes by how near the original's confidence was to its threshold.
public struct ThresholdDistances: Codable, Sendable, Hashable {
  /// The decisions whose `|confidence − threshold|` is at least `from` and below `to`.
  public struct Bin: Codable, Sendable, Hashable {
    public let from: Double
    /// nil in the last bin, which has no end.
    public let to: Double?
    public fileprivate(set) var decisions = 0
    public fileprivate(set) var missed = 0
    public fileprivate(set) var `false` = 0
    public fileprivate(set) var reversed = 0

    public var changed: Int { missed + `false` + reversed }

    /// Writes an end that does not exist as null, so that every key is there.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(from, forKey: .from)
      try container.encode(to, forKey: .to)
      try container.encode(decisions, forKey: .decisions)
      try container.encode(missed, forKey: .missed)
      try container.encode(`false`, forKey: .false)
      try container.encode(reversed, forKey: .reversed)
    }
  }

  /// Ends of the bins but the last.
  public static let standardEdges = [0.005, 0.01, 0.02, 0.05, 0.1]

  /// Ascending and without gaps, from 0.
  public let bins: [Bin]

  /// - Parameters:
  ///   - original: −1, 0 or 1 per decision.
  ///   - confidences: of the original, per decision: the probability of its likelier side.
  ///   - threshold: that the original's decisions were made by.
  ///   - edges: ends of the bins but the last, positive and ascending.
  /// - Throws: `backtest.decisions` for columns of different lengths; `backtest.position`; `backtest.confidence` for one that is
  ///   not a number, naming it; `backtest.edges`.
  public init(
    original: [Int8], candidate: [Int8], confidences: [Float], threshold: DecisionThreshold,
    edges: [Double] = standardEdges
  ) throws(BacktestError) {
    for (name, count) in [("candidate", candidate.count), ("confidences", confidences.count)] where count != original.count {
      throw BacktestError("decisions", subject: name, expected: "\(original.count) decisions", found: "\(count)")
    }
    for positions in [original, candidate] { try checkPositions(positions) }
    let begins = [0] + edges
    guard zip(begins, edges).allSatisfy({ $0 < $1 && $1.isFinite }) else {
      throw BacktestError(
        "edges", subject: "edges", expected: "positive numbers in ascending order", found: "\(edges)", category: .usage)
    }
    var bins = begins.indices.map { Bin(from: begins[$0], to: $0 < edges.count ? edges[$0] : nil) }
    for (decision, confidence) in confidences.enumerated() {
      let distance = abs(Double(confidence) - Double(threshold.threshold))
      guard !distance.isNaN else {
        throw BacktestError(
          "confidence", subject: "decision \(decision)", expected: "a confidence", found: "\(confidence)")
      }
      let bin = edges.firstIndex { distance < $0 } ?? edges.count
      bins[bin].decisions += 1
      switch ChangeKind(from: Double(original[decision]), to: Double(candidate[decision])) {
      case .missed: bins[bin].missed += 1
      case .false: bins[bin].false += 1
      case .reversed: bins[bin].reversed += 1
      case .resized, .equal: break
      }
    }
    self.bins = bins
  }

  /// Of an original by its probabilities.
  ///
  /// - Throws: as the other initializer.
  public init(
    original probabilities: ClassProbabilities, candidate: [Int8], threshold: DecisionThreshold,
    edges: [Double] = standardEdges
  ) throws(BacktestError) {
    try self.init(
      original: threshold.decisions(for: probabilities), candidate: candidate,
      confidences: (0..<probabilities.rowCount).map(probabilities.confidence), threshold: threshold, edges: edges)
  }
}
