extension ClassificationMetrics {
  /// - Source: for three classes, one against the rest: Provost and Domingos 2001, unweighted.
  static func areaUnderCurve(of probabilities: ClassProbabilities, labels: [Int32]) -> Double? {
    let classes = probabilities.classCount
    let areas = (classes == 2 ? 1..<2 : 0..<classes).compactMap { index in
      Ranks.areaUnderCurve(
        scores: labels.indices.map { Double(probabilities[$0, class: index]) },
        positive: labels.map { $0 == Int32(index) })
    }
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
  }

  /// - Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
  static func brier(of probabilities: ClassProbabilities, labels: [Int32]) -> Double {
    var sum = 0.0
    for (row, label) in labels.enumerated() {
      for index in 0..<probabilities.classCount {
        let distance = Double(probabilities[row, class: index]) - (label == Int32(index) ? 1 : 0)
        sum += distance * distance
      }
    }
    return sum / Double(labels.count)
  }

  /// Bin `b` holds confidences in `(b / bins, (b + 1) / bins]`; the confidence is that of the likeliest class.
  ///
  /// - Source: Guo et al. 2017, arXiv:1706.04599, §2, with 15 bins.
  static func calibrationError(of probabilities: ClassProbabilities, labels: [Int32]) -> Double {
    var excess = [Double](repeating: 0, count: calibrationBins)
    for (row, label) in labels.enumerated() {
      let found = probabilities.predictedClass(row)
      let confidence = Double(probabilities[row, class: found])
      excess[calibrationBin(of: confidence)] += confidence - (found == Int(label) ? 1 : 0)
    }
    return excess.reduce(0) { $0 + abs($1) } / Double(labels.count)
  }

  static func calibrationBin(of confidence: Double) -> Int {
    min(max(Int((confidence * Double(calibrationBins)).rounded(.up)) - 1, 0), calibrationBins - 1)
  }
}
