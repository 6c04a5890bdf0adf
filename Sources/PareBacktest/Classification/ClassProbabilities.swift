/// A model's probabilities for the classes of a direction (down, up) or of sell, hold, buy.
public struct ClassProbabilities: Sendable {
  /// Row-major `[rows × classCount]`.
  public let values: [Float]
  /// 2 or 3.
  public let classCount: Int

  public var rowCount: Int { values.count / classCount }

  /// - Throws: `backtest.class-count`; `backtest.probabilities` for an incomplete row, or a value outside 0 ... 1
  ///   (by more than 10⁻³, the slack of a quantized softmax) or not a number, naming the first.
  public init(_ values: [Float], classCount: Int) throws(BacktestError) {
    guard (2...3).contains(classCount) else {
      throw BacktestError("class-count", subject: "probabilities", expected: "2 or 3 classes", found: "\(classCount)")
    }
    guard values.count.isMultiple(of: classCount) else {
      throw BacktestError(
        "probabilities", subject: "probabilities", expected: "rows of \(classCount)", found: "\(values.count) values")
    }
    if let place = values.firstIndex(where: { !($0 >= -1e-3 && $0 <= 1.001) }) {
      throw BacktestError(
        "probabilities", subject: "row \(place / classCount), class \(place % classCount)",
        expected: "a probability", found: "\(values[place])")
    }
    self.values = values
    self.classCount = classCount
  }

  public subscript(row: Int, class index: Int) -> Float { values[row * classCount + index] }

  /// The probability of the likelier of down and up, or of sell and buy.
  public func confidence(_ row: Int) -> Float { max(self[row, class: 0], self[row, class: classCount - 1]) }

  /// The likelier side: −1, 1, or 0 where both are equal.
  public func side(_ row: Int) -> Int8 {
    let (down, up) = (self[row, class: 0], self[row, class: classCount - 1])
    return up > down ? 1 : up < down ? -1 : 0
  }

  /// The likeliest class; the lowest index among equals.
  public func predictedClass(_ row: Int) -> Int {
    var best = 0
    for index in 1..<classCount where self[row, class: index] > self[row, class: best] { best = index }
    return best
  }
}
