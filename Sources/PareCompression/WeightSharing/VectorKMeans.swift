import PareTensor

/// k-means of vectors of a few numbers, by Lloyd's iteration from k-means++ or from vectors drawn at random.
///
/// Every vector is compared with every centre. Distances are in Float32, means and the cost in Float64.
///
/// - Source: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur and Vassilvitskii 2007; for weights Gong et al. 2014, arXiv:1412.6115.
package struct VectorKMeans {
  /// Centres one behind another, the nearest for each vector, and the squared distances to these in all.
  package struct Clustering {
    package var centres: [Float]
    package var nearest: [Int]
    package var cost: Double
  }

  private let vectors: [Float]
  private let dimension: Int
  private let clusters: Int
  private var count: Int { vectors.count / dimension }

  /// - Parameters:
  ///   - vectors: one behind another.
  ///   - clusters: at least 1.
  /// - Returns: nil without vectors.
  package init?(_ vectors: [Float], dimension: Int, clusters: Int) {
    guard !vectors.isEmpty, dimension >= 1, vectors.count % dimension == 0, clusters >= 1 else { return nil }
    self.vectors = vectors
    self.dimension = dimension
    self.clusters = clusters
  }

  /// Vectors drawn at random, each as often as it occurs, no two alike; all distinct ones where there are no more than clusters.
  package func randomStart(_ generator: inout SeededGenerator) -> [Float] {
    let order = generator.permutation(count)
    var seen: Set<[UInt32]> = []
    var centres: [Float] = []
    for index in order where seen.count < clusters {
      let vector = self[index]
      if seen.insert(vector.map { $0.bitPattern }).inserted { centres += vector }
    }
    return centres
  }

  /// Vectors drawn one after another, each with a probability in proportion to its squared distance from those before; fewer than
  /// clusters where no other is left.
  package func plusPlusStart(_ generator: inout SeededGenerator) -> [Float] {
    var centres = Array(self[generator.below(count)])
    var distances = (0..<count).map { distance(of: $0, to: centres[...]) }
    while centres.count < clusters * dimension {
      let total = distances.reduce(0, +)
      guard total > 0 else { break }
      var rest = generator.uniform() * total
      var chosen = distances.lastIndex { $0 > 0 } ?? 0
      for (index, distance) in distances.enumerated() where distance > 0 {
        rest -= distance
        if rest < 0 {
          chosen = index
          break
        }
      }
      let centre = self[chosen]
      centres += centre
      for index in distances.indices { distances[index] = min(distances[index], distance(of: index, to: centre)) }
    }
    return centres
  }

  /// Lloyd's iteration until the cost no longer falls. A cluster that loses all its vectors is dropped.
  package func converged(from start: [Float]) -> Clustering {
    var best = clustering(start)
    while true {
      let next = clustering(means(best))
      guard next.cost < best.cost else { return best }
      best = next
    }
  }

  /// The nearest of the given centres for every vector; of two as near the first.
  package func clustering(_ centres: [Float]) -> Clustering {
    let k = centres.count / dimension
    // Coordinate by coordinate, so that distances to all centres are found side by side.
    let columns = (0..<dimension * k).map { centres[$0 % k * dimension + $0 / k] }
    var distances = [Float](repeating: 0, count: k)
    var nearest = [Int](repeating: 0, count: count)
    var cost = 0.0
    vectors.withUnsafeBufferPointer { vectors in
      columns.withUnsafeBufferPointer { columns in
        distances.withUnsafeMutableBufferPointer { distances in
          for index in 0..<count {
            for centre in 0..<k { distances[centre] = 0 }
            for coordinate in 0..<dimension {
              let (value, base) = (vectors[index * dimension + coordinate], coordinate * k)
              for centre in 0..<k {
                let difference = value - columns[base + centre]
                distances[centre] += difference * difference
              }
            }
            var best = 0
            for centre in 1..<max(k, 1) where distances[centre] < distances[best] { best = centre }
            nearest[index] = best
            cost += distance(of: index, to: centres[best * dimension..<(best + 1) * dimension])
          }
        }
      }
    }
    return Clustering(centres: centres, nearest: nearest, cost: cost)
  }

  /// The means of the vectors of each cluster that has any.
  private func means(_ clustering: Clustering) -> [Float] {
    let k = clustering.centres.count / dimension
    var sums = [Double](repeating: 0, count: k * dimension)
    var counts = [Int](repeating: 0, count: k)
    for (index, cluster) in clustering.nearest.enumerated() {
      counts[cluster] += 1
      for coordinate in 0..<dimension { sums[cluster * dimension + coordinate] += Double(vectors[index * dimension + coordinate]) }
    }
    return counts.indices.filter { counts[$0] > 0 }.flatMap { cluster in
      (0..<dimension).map { Float(sums[cluster * dimension + $0] / Double(counts[cluster])) }
    }
  }

  private subscript(index: Int) -> ArraySlice<Float> { vectors[index * dimension..<(index + 1) * dimension] }

  private func distance(of index: Int, to centre: ArraySlice<Float>) -> Double {
    var sum = 0.0
    for coordinate in 0..<dimension {
      let difference = Double(vectors[index * dimension + coordinate]) - Double(centre[centre.startIndex + coordinate])
      sum += difference * difference
    }
    return sum
  }
}
