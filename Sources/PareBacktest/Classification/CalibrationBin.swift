/// The rows whose likeliest class has a probability within a bin: how sure they are on average, and how often right.
public struct CalibrationBin: Codable, Sendable, Hashable {
  public let rows: Int
  /// Mean probability of the likeliest class.
  public let confidence: Double
  /// Share of the rows whose likeliest class is the label.
  public let accuracy: Double

  public init(rows: Int, confidence: Double, accuracy: Double) {
    (self.rows, self.confidence, self.accuracy) = (rows, confidence, accuracy)
  }

  /// The bins of `ClassificationMetrics.calibrationError` that have rows, from the least sure.
  ///
  /// - Throws: `backtest.labels` where there are not as many as rows.
  public static func bins(of probabilities: ClassProbabilities, labels: [Int32]) throws(BacktestError) -> [CalibrationBin] {
    guard labels.count == probabilities.rowCount else {
      throw BacktestError(
        "labels", subject: "labels", expected: "one for each of \(probabilities.rowCount) rows", found: "\(labels.count)")
    }
    let count = ClassificationMetrics.calibrationBins
    var (rows, confidence, hits) = ([Int](repeating: 0, count: count), [Double](repeating: 0, count: count), [Int](repeating: 0, count: count))
    for (row, label) in labels.enumerated() {
      let found = probabilities.predictedClass(row)
      let sure = Double(probabilities[row, class: found])
      let bin = ClassificationMetrics.calibrationBin(of: sure)
      rows[bin] += 1
      confidence[bin] += sure
      hits[bin] += found == Int(label) ? 1 : 0
    }
    return (0..<count).filter { rows[$0] > 0 }.map {
      CalibrationBin(
        rows: rows[$0], confidence: confidence[$0] / Double(rows[$0]), accuracy: Double(hits[$0]) / Double(rows[$0]))
    }
  }
}
