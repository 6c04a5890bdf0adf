import PareTensor

/// k-means of numbers on a line.
///
/// Numbers are sorted once and equal ones counted together, so a cluster is a range: a step of Lloyd's iteration finds
/// the borders half-way between centres by bisection and the means from running sums, k·log n in all.
///
/// - Source: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur and Vassilvitskii 2007 for the start.
package struct ScalarKMeans {
  /// Centres in ascending order, and the squared distances of all numbers from their nearest.
  package struct Clustering {
    package var centres: [Float]
    package var cost: Double

    /// The nearest centre; of two as near the lower.
    package func nearest(to value: Float) -> Float {
      centres[ScalarKMeans.nearest(Double(value), centres.map { Double($0) })]
    }
  }

  private let values: [Double]
  private let weights: [Double]
  /// Sums over the first i distinct numbers.
  private let countSums: [Double]
  private let valueSums: [Double]
  private let clusters: Int

  /// - Parameters:
  ///   - importances: what the squared distance of each number counts, not negative; 1 by default. Where all are 0, so too.
  ///   - clusters: at least 1; with no more distinct numbers than that, each is its own centre.
  /// - Returns: nil without numbers.
  package init?(_ numbers: [Float], weights importances: [Double]? = nil, clusters: Int) {
    guard !numbers.isEmpty, clusters >= 1 else { return nil }
    // What does not count at all still needs a centre near it, so it counts a little.
    let floor = (importances?.max() ?? 0) * 0x1p-20
    let counts = importances.flatMap { floor > 0 ? $0.map { max($0, floor) } : nil }
    var values: [Double] = []
    var weights: [Double] = []
    for index in numbers.indices.sorted(by: { numbers[$0] < numbers[$1] }) {
      let (number, count) = (Double(numbers[index]), counts?[index] ?? 1)
      if values.last == number {
        weights[weights.count - 1] += count
      } else {
        values.append(number)
        weights.append(count)
      }
    }
    self.values = values
    self.weights = weights
    countSums = weights.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    valueSums = zip(values, weights).reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.0 * $1.1) }
    self.clusters = min(clusters, values.count)
  }

  /// Evenly from the smallest number to the largest; the numbers themselves where there are no more than centres.
  package func linearStart() -> [Double] {
    if clusters == values.count { return values }
    let (first, last) = (values[0], values[values.count - 1])
    guard clusters > 1 else { return [(first + last) / 2] }
    return (0..<clusters).map { first + (last - first) * Double($0) / Double(clusters - 1) }
  }

  /// At the middles of shares of equal weight: where numbers are dense, so are centres.
  func quantileStart() -> [Double] {
    if clusters == values.count { return values }
    let total = countSums[values.count]
    return (0..<clusters).map { cluster in
      let target = total * (Double(cluster) + 0.5) / Double(clusters)
      let above = countSums.firstIndex { $0 > target } ?? values.count
      return values[min(max(above - 1, 0), values.count - 1)]
    }
  }

  /// At numbers drawn at random, each as often as it occurs.
  func randomStart(_ generator: inout SeededGenerator) -> [Double] {
    if clusters == values.count { return values }
    var drawn: Set<Int> = []
    while drawn.count < clusters {
      let target = generator.uniform() * countSums[values.count]
      var (from, to) = (0, values.count - 1)
      while from < to {
        let half = (from + to) / 2
        if countSums[half + 1] > target { to = half } else { from = half + 1 }
      }
      // One that was drawn already gives way to its neighbour.
      while drawn.contains(from) { from = (from + 1) % values.count }
      drawn.insert(from)
    }
    return drawn.sorted().map { values[$0] }
  }

  /// Numbers drawn one after another, each with a probability in proportion to its squared distance from those before.
  package func plusPlusStart(_ generator: inout SeededGenerator) -> [Double] {
    if clusters == values.count { return values }
    var distances = [Double](repeating: 1, count: values.count)
    var centres: [Double] = []
    while centres.count < clusters {
      let total = zip(distances, weights).reduce(0) { $0 + $1.0 * $1.1 }
      var rest = generator.uniform() * total
      var chosen = values.count - 1
      for index in values.indices where distances[index] > 0 {
        chosen = index
        rest -= distances[index] * weights[index]
        if rest < 0 { break }
      }
      let centre = values[chosen]
      for index in values.indices {
        let square = (values[index] - centre) * (values[index] - centre)
        distances[index] = centres.isEmpty ? square : min(distances[index], square)
      }
      centres.append(centre)
    }
    return centres.sorted()
  }

  /// Lloyd's iteration until no number changes its cluster. A cluster that loses all its numbers is dropped.
  package func converged(from start: [Double]) -> Clustering {
    var centres = start
    var borders = borders(between: centres)
    var best = clustering(centres)
    while true {
      var means: [Double] = []
      var from = 0
      for to in borders + [values.count] where to > from {
        means.append((valueSums[to] - valueSums[from]) / (countSums[to] - countSums[from]))
        from = to
      }
      centres = means
      let next = self.borders(between: centres)
      let clustering = clustering(centres)
      let falls = clustering.cost < best.cost
      if falls { best = clustering }
      if next == borders || !falls { return best }
      borders = next
    }
  }

  /// The squared distance of all numbers from their nearest centre, once the centres are rounded to Float32.
  package func clustering(_ centres: [Double]) -> Clustering {
    let rounded = centres.map { Float($0) }
    let doubles = rounded.map { Double($0) }
    var cost = 0.0
    var from = 0
    for (index, to) in (borders(between: doubles) + [values.count]).enumerated() {
      for position in from..<max(from, to) {
        let distance = values[position] - doubles[index]
        cost += weights[position] * distance * distance
      }
      from = max(from, to)
    }
    return Clustering(centres: rounded, cost: cost)
  }

  /// For each pair of neighbours, the index of the first distinct number that is nearer to the upper one.
  private func borders(between centres: [Double]) -> [Int] {
    zip(centres, centres.dropFirst()).map { lower, upper in
      let middle = (lower + upper) / 2
      var (from, to) = (0, values.count)
      while from < to {
        let half = (from + to) / 2
        if values[half] > middle { to = half } else { from = half + 1 }
      }
      return from
    }
  }

  private static func nearest(_ value: Double, _ centres: [Double]) -> Int {
    var (from, to) = (0, centres.count - 1)
    while from < to {
      let half = (from + to) / 2
      if value > (centres[half] + centres[half + 1]) / 2 { from = half + 1 } else { to = half }
    }
    return from
  }
}
