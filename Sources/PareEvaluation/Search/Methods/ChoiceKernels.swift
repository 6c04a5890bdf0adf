import Foundation

/// Densities over the points of a space, each a product of one kernel for each decision, laid over observations.
///
/// Of options that are numbers the kernel falls off with the distance in their order; of others all but the observed one are
/// alike (Aitchison and Aitken 1976, Biometrika 63(3)). A decision that the observation did not come by is spread evenly.
/// - Source: Bergstra et al. 2011, NeurIPS, §4; products over decisions as in Falkner et al. 2018, arXiv:1807.01774, §3.2.
struct ChoiceKernels {
  /// Of each decision: probabilities `[observed, option]`, rows that sum to 1.
  private let tables: [[[Double]]]

  /// - Parameter count: how many observations they are laid over: the more there are, the narrower.
  init(_ decisions: [SpaceDecision], observations count: Int) {
    let share = pow(Double(max(count, 1)), -1 / Double(4 + min(decisions.count, 4)))
    tables = decisions.map { decision in
      (0..<decision.options.count).map { observed in
        let weights = (0..<decision.options.count).map { option -> Double in
          guard let order = decision.order else { return option == observed ? 1 : share / 2 }
          let distance = Double(order[option] - order[observed]) / max(share * 1.5, 0.1)
          return exp(-distance * distance / 2)
        }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
      }
    }
  }

  /// What an observation adds at a point.
  func value(of point: [Int], around observed: [Int]) -> Double {
    var product = 1.0
    for (decision, option) in point.enumerated() where option >= 0 {
      let table = tables[decision]
      product *= observed[decision] >= 0 ? table[observed[decision]][option] : 1 / Double(table.count)
    }
    return product
  }

  /// The even density at a point.
  func prior(of point: [Int]) -> Double {
    point.indices.reduce(1) { point[$1] >= 0 ? $0 / Double(tables[$1].count) : $0 }
  }
}
