import Foundation

/// How well probabilities foretell labels, money apart.
public struct ClassificationMetrics: Codable, Sendable, Hashable {
  /// Bins of equal width that confidences are sorted into for the calibration error.
  public static let calibrationBins = 15

  public var rows: Int
  /// Share of rows whose likeliest class is the label.
  public var accuracy: Double
  /// Mean over the classes that occur of the share of that class's rows which were recognized; chance is 1/K.
  public var balancedAccuracy: Double
  /// Mean of −ln p(label), p kept at 2⁻²⁴ or more so that one certain mistake stays finite.
  public var logLoss: Double
  /// Row-major counts `[label × predicted]`.
  public var confusion: [Int]
  /// Per class the harmonic mean of precision and recall; nil for a class that is neither label nor found.
  public var f1: [Double?]
  /// Their mean over the classes that have one.
  public var meanF1: Double?
  /// Area under the receiver's curve. With two classes that of p(up); with three the mean over the classes that occur
  /// of each one's against the rest. Nil where only one class occurs.
  public var areaUnderCurve: Double?
  /// Mean over rows of the squared distance between probabilities and label, summed over the classes: 0 ... 2.
  public var brier: Double
  /// Mean distance between confidence and accuracy over bins of confidence, weighted by their rows.
  public var calibrationError: Double

  private enum CodingKeys: String, CodingKey {
    case rows, accuracy, balancedAccuracy, logLoss, confusion, f1, meanF1, brier, calibrationError
    case areaUnderCurve = "auc"
  }

  /// Of no rows.
  public static let none = ClassificationMetrics()

  private init() {
    (rows, accuracy, balancedAccuracy, logLoss, confusion, f1) = (0, 0, 0, 0, [], [])
    (meanF1, areaUnderCurve, brier, calibrationError) = (nil, nil, 0, 0)
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
    var f1: [Double?] = []
    for label in 0..<classes {
      let hits = confusion[label * classes + label]
      let total = confusion[label * classes..<(label + 1) * classes].reduce(0, +)
      let found = (0..<classes).reduce(0) { $0 + confusion[$1 * classes + label] }
      correct += hits
      if total > 0 { recalls.append(Double(hits) / Double(total)) }
      f1.append(total + found > 0 ? 2 * Double(hits) / Double(total + found) : nil)
    }
    rows = labels.count
    accuracy = Double(correct) / Double(labels.count)
    balancedAccuracy = recalls.reduce(0, +) / Double(recalls.count)
    logLoss = loss / Double(labels.count)
    self.confusion = confusion
    self.f1 = f1
    let known = f1.compactMap { $0 }
    meanF1 = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    areaUnderCurve = Self.areaUnderCurve(of: probabilities, labels: labels)
    brier = Self.brier(of: probabilities, labels: labels)
    calibrationError = Self.calibrationError(of: probabilities, labels: labels)
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

  /// Writes an area that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rows, forKey: .rows)
    try container.encode(accuracy, forKey: .accuracy)
    try container.encode(balancedAccuracy, forKey: .balancedAccuracy)
    try container.encode(logLoss, forKey: .logLoss)
    try container.encode(confusion, forKey: .confusion)
    try container.encode(f1, forKey: .f1)
    try container.encode(meanF1, forKey: .meanF1)
    try container.encode(areaUnderCurve, forKey: .areaUnderCurve)
    try container.encode(brier, forKey: .brier)
    try container.encode(calibrationError, forKey: .calibrationError)
  }
}
