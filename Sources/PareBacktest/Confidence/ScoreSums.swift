import Foundation

/// What the figures of scores are worked out from, day by day: each day a row of numbers that add up.
struct ScoreSums {
  /// Bins of a score that areas under the curve are worked out from.
  private static let scoreBins = 256

  private let classes: Int
  /// Where the parts of a day's row begin.
  private let (confusion, loss, squares, calibration, moments, ranks, curves, width): (Int, Int, Int, Int, Int, Int, Int, Int)
  private(set) var days: [[Double]] = []
  /// Classes whose areas are counted: p(up) of two, each against the rest of three.
  private let curveClasses: Range<Int>

  var zero: [Double] { [Double](repeating: 0, count: width) }
  var whole: [Double] {
    var total = zero
    add(Array(days.indices), into: &total)
    return total
  }
  /// Mean log loss of each day.
  var dailyLoss: [Double] {
    days.map { day in day[loss] / max(day[confusion..<confusion + classes * classes].reduce(0, +), 1) }
  }

  init(_ probabilities: ClassProbabilities, labels: [Int32], forwardReturns: [Double], days dates: [Int64]) {
    classes = probabilities.classCount
    curveClasses = classes == 2 ? 1..<2 : 0..<classes
    confusion = 0
    loss = classes * classes
    squares = loss + 1
    calibration = squares + 1
    moments = calibration + ClassificationMetrics.calibrationBins
    ranks = moments + 6
    curves = ranks + 6
    width = curves + curveClasses.count * 2 * Self.scoreBins

    let known = labels.indices.filter { forwardReturns[$0].isFinite }
    let scores = known.map { Double(probabilities[$0, class: classes - 1] - probabilities[$0, class: 0]) }
    let scoreRanks = Ranks.averaged(scores)
    let returnRanks = Ranks.averaged(known.map { forwardReturns[$0] })
    let bins = curveClasses.map { index in
      Self.bins(of: labels.indices.map { Double(probabilities[$0, class: index]) })
    }
    var next = 0
    for row in labels.indices {
      if row == 0 || dates[row] != dates[row - 1] { days.append([Double](repeating: 0, count: width)) }
      let day = days.count - 1
      let label = Int(labels[row])
      let found = probabilities.predictedClass(row)
      days[day][confusion + label * classes + found] += 1
      days[day][loss] -= log(max(Double(probabilities[row, class: label]), 0x1p-24))
      for index in 0..<classes {
        let distance = Double(probabilities[row, class: index]) - (label == index ? 1 : 0)
        days[day][squares] += distance * distance
      }
      let confidence = Double(probabilities[row, class: found])
      days[day][calibration + ClassificationMetrics.calibrationBin(of: confidence)] += confidence - (found == label ? 1 : 0)
      for (place, index) in curveClasses.enumerated() {
        let positive = label == index ? 1 : 0
        days[day][curves + (place * 2 + positive) * Self.scoreBins + bins[place][row]] += 1
      }
      if next < known.count, known[next] == row {
        Self.add(scores[next], forwardReturns[row], to: &days[day], at: moments)
        // Centred, so that the sums of squares keep their digits.
        let middle = Double(known.count + 1) / 2
        Self.add(scoreRanks[next] - middle, returnRanks[next] - middle, to: &days[day], at: ranks)
        next += 1
      }
    }
  }

  /// Adds up the days at `places`.
  func add(_ places: [Int], into total: inout [Double]) {
    total.withUnsafeMutableBufferPointer { total in
      total.update(repeating: 0)
      for place in places {
        days[place].withUnsafeBufferPointer { day in
          for index in total.indices { total[index] += day[index] }
        }
      }
    }
  }

  func value(of figure: ScoreFigure, _ total: [Double]) -> Double? {
    let counts = total[confusion..<confusion + classes * classes]
    let rows = counts.reduce(0, +)
    guard rows > 0 else { return nil }
    func count(_ label: Int, _ found: Int) -> Double { total[confusion + label * classes + found] }
    let all = 0..<classes
    switch figure {
    case .accuracy: return all.reduce(0) { $0 + count($1, $1) } / rows
    case .balancedAccuracy:
      return Self.mean(all.compactMap { label in
        let of = all.reduce(0) { $0 + count(label, $1) }
        return of > 0 ? count(label, label) / of : nil
      })
    case .f1:
      return Self.mean(all.compactMap { label in
        let either = all.reduce(0) { $0 + count(label, $1) + count($1, label) }
        return either > 0 ? 2 * count(label, label) / either : nil
      })
    case .logLoss: return total[loss] / rows
    case .brier: return total[squares] / rows
    case .calibrationError:
      let excess = total[calibration..<calibration + ClassificationMetrics.calibrationBins]
      return excess.reduce(0) { $0 + abs($1) } / rows
    case .correlation: return Self.correlation(total, at: moments)
    case .rankCorrelation: return Self.correlation(total, at: ranks)
    case .auc: return Self.mean(curveClasses.indices.compactMap { area(total, $0 - curveClasses.lowerBound) })
    }
  }

  /// The area under one class's curve, by bins.
  private func area(_ total: [Double], _ place: Int) -> Double? {
    let negative = curves + place * 2 * Self.scoreBins
    let positive = negative + Self.scoreBins
    var (below, won, negatives, positives) = (0.0, 0.0, 0.0, 0.0)
    for bin in 0..<Self.scoreBins {
      won += total[positive + bin] * (below + total[negative + bin] / 2)
      below += total[negative + bin]
      negatives += total[negative + bin]
      positives += total[positive + bin]
    }
    return negatives > 0 && positives > 0 ? won / (negatives * positives) : nil
  }

  /// A bin for each score, equal scores in one.
  private static func bins(of scores: [Double]) -> [Int] {
    let ranks = Ranks.averaged(scores)
    return ranks.map { min(Int(($0 - 0.5) / Double(scores.count) * Double(scoreBins)), scoreBins - 1) }
  }

  /// Number, sums, sums of squares and of products.
  private static func add(_ x: Double, _ y: Double, to day: inout [Double], at place: Int) {
    day[place] += 1
    day[place + 1] += x
    day[place + 2] += y
    day[place + 3] += x * x
    day[place + 4] += y * y
    day[place + 5] += x * y
  }

  private static func correlation(_ total: [Double], at place: Int) -> Double? {
    let count = total[place]
    guard count >= Double(InformationCoefficient.fewestPairs) else { return nil }
    let (x, y) = (total[place + 1] / count, total[place + 2] / count)
    let (xx, yy) = (total[place + 3] - count * x * x, total[place + 4] - count * y * y)
    // What is left of equal numbers is rounding.
    guard xx > 1e-12 * total[place + 3], yy > 1e-12 * total[place + 4] else { return nil }
    return (total[place + 5] - count * x * y) / (xx.squareRoot() * yy.squareRoot())
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
