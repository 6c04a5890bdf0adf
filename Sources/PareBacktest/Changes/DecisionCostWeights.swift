/// What a changed decision is worth avoiding, by its kind: acting wrongly costs more than not acting.
public struct DecisionCostWeights: Codable, Sendable, Hashable {
  public let missed: Double
  public let `false`: Double
  public let reversed: Double

  /// 1 for a missed decision, 2 for a false one, 4 for a reversed one, which is a false one on top of a missed one and pays
  /// for both sides.
  public static let standard = DecisionCostWeights(checked: (1, 2, 4))

  /// - Throws: `backtest.weights`, naming the first that is negative or not finite.
  public init(missed: Double, false: Double, reversed: Double) throws(BacktestError) {
    for (name, weight) in [("missed", missed), ("false", `false`), ("reversed", reversed)] {
      guard weight >= 0, weight.isFinite else {
        throw BacktestError(
          "weights", subject: "weights.\(name)", expected: "0 or more", found: "\(weight)", category: .usage)
      }
    }
    self.init(checked: (missed, `false`, reversed))
  }

  private init(checked weights: (missed: Double, false: Double, reversed: Double)) {
    (missed, `false`, reversed) = weights
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      missed: container.decode(Double.self, forKey: .missed), false: container.decode(Double.self, forKey: .false),
      reversed: container.decode(Double.self, forKey: .reversed))
  }

  /// The weights of the changed decisions over all decisions compared; 0 without any.
  public func cost(of changes: DecisionChanges) -> Double {
    missed * changes.missedRate + `false` * changes.falseRate + reversed * changes.reversedRate
  }
}
