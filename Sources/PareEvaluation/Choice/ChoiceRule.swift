import Foundation

/// Which of the candidates within the budget is taken.
public enum ChoiceRule: String, Codable, Sendable, CaseIterable {
  /// The cheapest whose quality lies within a tolerance of the best.
  case cheapest
  /// The one on the frontier that lies nearest to the best of every objective at once, each from the best to the worst on the
  /// frontier as 0 to 1, costs by their logarithm.
  ///
  /// - Source: Zeleny 1973, compromise programming.
  case knee
  /// The best by the first objective that measures quality.
  case best
}

/// The point of a frontier that gives up least of each objective for the others.
package enum Knee {
  /// The index of the point nearest to the ideal; the first among equals, nil without points.
  ///
  /// - Parameter points: costs, less being better; where one is infinite, it counts as the worst.
  package static func index(of points: [[Double]], logarithmic: [Bool]) -> Int? {
    let scaled = points.map { point in
      zip(point, logarithmic).map { $1 && $0 > 0 ? log($0) : $0 }
    }
    let axes = logarithmic.indices.map { axis -> (least: Double, span: Double) in
      let values = scaled.map { $0[axis] }.filter(\.isFinite)
      let least = values.min() ?? 0
      return (least, (values.max() ?? 0) - least)
    }
    let distances = scaled.map { point in
      zip(point, axes).reduce(0) { sum, pair in
        let share = !pair.0.isFinite ? 1 : pair.1.span > 0 ? (pair.0 - pair.1.least) / pair.1.span : 0
        return sum + share * share
      }
    }
    return distances.indices.min { distances[$0] < distances[$1] }
  }
}
