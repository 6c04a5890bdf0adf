/// One form that a unit of layers can take.
package struct PrecisionOption: Sendable, Hashable {
  package let scheme: QuantizationScheme
  /// Σ (r − r̂)² of the scores over their signal, where this unit alone is rounded.
  package let noise: Double
  /// Bytes or nanoseconds more than in Float32; less than 0 where it saves.
  package let cost: Double

  package init(scheme: QuantizationScheme, noise: Double, cost: Double) {
    self.scheme = scheme
    self.noise = noise
    self.cost = cost
  }
}

/// Layers that take one form together: those that share a weight, else one.
package struct PrecisionUnit: Sendable, Hashable {
  /// Names of the layers' nodes.
  package let layers: [String]
  /// Cheapest first, each dearer than the one before and with less noise.
  package let options: [PrecisionOption]

  /// - Parameter options: in any order; what costs as much as another and is noisier is left out.
  package init(layers: [String], options: [PrecisionOption]) {
    self.layers = layers
    var kept: [PrecisionOption] = []
    for option in options.sorted(by: { ($0.cost, $0.noise) < ($1.cost, $1.noise) })
    where kept.last.map({ option.noise < $0.noise }) ?? true {
      kept.append(option)
    }
    self.options = kept
  }
}

/// A form for each unit, and what is expected of them together, as if noises and costs added up.
package struct PrecisionAllocation: Sendable, Hashable {
  /// Into each unit's options.
  package var choices: [Int]
  package var noise: Double
  package var cost: Double

  /// More allocations than this are thinned out on the way, to those with the least noise in so many equal ranges of cost.
  package static let limit = 8192

  /// The allocations that no other beats in both noise and cost, cheapest first.
  ///
  /// Units are added one after another, and what is beaten is dropped: the multiple-choice knapsack by its states that are not
  /// dominated. Exact until there are more than `limit` of them.
  ///
  /// - Source: Nemhauser and Ullmann 1969, "Discrete dynamic programming and capital allocation".
  package static func frontier(of units: [PrecisionUnit]) -> [PrecisionAllocation] {
    var frontier = [PrecisionAllocation(choices: [], noise: 0, cost: 0)]
    for unit in units {
      let extended = frontier.flatMap { allocation in
        unit.options.enumerated().map { index, option in
          PrecisionAllocation(
            choices: allocation.choices + [index], noise: allocation.noise + option.noise, cost: allocation.cost + option.cost)
        }
      }
      frontier = thinned(undominated(extended))
    }
    return frontier
  }

  private static func undominated(_ allocations: [PrecisionAllocation]) -> [PrecisionAllocation] {
    var kept: [PrecisionAllocation] = []
    for allocation in allocations.sorted(by: { ($0.cost, $0.noise) < ($1.cost, $1.noise) })
    where kept.last.map({ allocation.noise < $0.noise }) ?? true {
      kept.append(allocation)
    }
    return kept
  }

  /// Both ends stay.
  private static func thinned(_ frontier: [PrecisionAllocation]) -> [PrecisionAllocation] {
    guard frontier.count > limit, let first = frontier.first, let last = frontier.last else { return frontier }
    let width = (last.cost - first.cost) / Double(limit - 1)
    var kept: [PrecisionAllocation] = [first]
    var range = 0
    // Noise falls along the frontier, so the last of a range has the least.
    for (allocation, next) in zip(frontier.dropFirst(), frontier.dropFirst(2)) {
      let (own, following) = (Int((allocation.cost - first.cost) / width), Int((next.cost - first.cost) / width))
      if own != following, own >= range {
        kept.append(allocation)
        range = own + 1
      }
    }
    return kept + [last]
  }
}
