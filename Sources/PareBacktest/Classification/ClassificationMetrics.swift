import Foundation

/// How well probabilities foretell labels, money apart.
public struct ClassificationMetrics: Codable, Sendable, Hashable {
  public let rows: Int
  /// Share of rows whose likeliest class is the label.
  public let accuracy: Double
  /// Mean over the classes that occur of the share of that class's rows which were recognized; chance is 1/K.
  public let balancedAccuracy: Double
  /// Mean of −ln p(label), p kept at 2⁻²⁴ or more so that one certain mistake stays finite.
  public let logLoss: Double
  /// Row-major counts `[label × predicted]`.
  public let confusion: [Int]

  private enum CodingKeys: String, CodingKey {
    case rows, accuracy, confusion
    case balancedAccuracy = "balanced_accuracy"
    case logLoss = "log_loss"
  }

  /// - Parameter labels: one class index per row.
  /// - Throws: `backtest.labels` where there are none, not as many as rows, or one is out of range.
  public init(of probabilities: ClassProbabilities, labels: [Int32]) throws(BacktestError) {
    let classes = probabilities.classCount
    guard !labels.isEmpty, labels.count == probabilities.rowCount else {
      throw BacktestError(
        "labels", subject: "labels", expected: "one for each of \(probabilities.rowCount) rows, and at least one",
        found: "\(labels.count)")
    }
    if let row = labels.firstIndex(where: { $0 < 0 || $0 >= Int32(classes) }) {
      throw BacktestError(
        "labels", subject: "label \(row)", expected: "a class in 0 ..< \(classes)", found: "\(labels[row])")
    }
    var confusion = [Int](repeating: 0, count: classes * classes)
    var loss = 0.0
    for (row, label) in labels.enumerated() {
      confusion[Int(label) * classes + probabilities.predictedClass(row)] += 1
      loss -= log(max(Double(probabilities[row, class: Int(label)]), 0x1p-24))
    }
    var correct = 0
    var recalls: [Double] = []
    for label in 0..<classes {
      let hits = confusion[label * classes + label]
      let total = confusion[label * classes..<(label + 1) * classes].reduce(0, +)
      correct += hits
      if total > 0 { recalls.append(Double(hits) / Double(total)) }
    }
    rows = labels.count
    accuracy = Double(correct) / Double(labels.count)
    balancedAccuracy = recalls.reduce(0, +) / Double(recalls.count)
    logLoss = loss / Double(labels.count)
    self.confusion = confusion
  }

  /// The class that occurs most; the lowest index among equals. What always saying it scores elsewhere is the base
  /// that skill is counted from.
  public static func majorityClass(of labels: [Int32]) -> Int32? {
    var counts: [Int32: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
  }

  /// Accuracy of always saying one class; nil without labels.
  public static func accuracy(ofAlways label: Int32, on labels: [Int32]) -> Double? {
    labels.isEmpty ? nil : Double(labels.count { $0 == label }) / Double(labels.count)
  }

  /// Share of rows for which two models find the same class likeliest; nil without rows.
  ///
  /// - Precondition: the same rows and classes.
  public static func agreement(_ one: ClassProbabilities, _ other: ClassProbabilities) -> Double? {
    precondition(one.rowCount == other.rowCount && one.classCount == other.classCount, "the same rows and classes")
    guard one.rowCount > 0 else { return nil }
    let equal = (0..<one.rowCount).count { one.predictedClass($0) == other.predictedClass($0) }
    return Double(equal) / Double(one.rowCount)
  }
}
