import PareTensor

extension WeightSharing {
  /// The layers with values that their weights share.
  func share(_ layers: [SharedLayer], seed: UInt64) -> [SharedLayer] {
    if scope == .model {
      var rest = share(layers.flatMap(\.values), bits: bits, seed: seed, stream: "model")[...]
      return layers.map { layer in
        var layer = layer
        let count = layer.values.count
        layer.values = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return layer
      }
    }
    return layers.map { layer in
      var layer = layer
      let bits = layer.isConvolution ? convolutionBits ?? bits : bits
      if case .vectors(let dimension) = layer.form {
        layer.values = shareVectors(layer.values, dimension: dimension, bits: bits, seed: seed, stream: layer.layer.label)
      } else {
        for (number, part) in layer.parts.enumerated() {
          let stream = number == 0 ? layer.layer.label : "\(layer.layer.label)/\(number)"
          let shared = share(part.map { layer.values[$0] }, bits: bits, seed: seed, stream: stream)
          for (position, value) in zip(part, shared) { layer.values[position] = value }
        }
      }
      return layer
    }
  }

  /// The weights, each replaced by the value that it shares.
  private func share(_ weights: [Float], bits: Int, seed: UInt64, stream: String) -> [Float] {
    let nonZero = weights.filter { $0 != 0 }
    let count = nonZero.count < weights.count ? (1 << bits) - 1 : 1 << bits
    guard let search = ScalarKMeans(nonZero, clusters: count) else { return weights.map { $0 == 0 ? 0 : $0 } }
    var generator = SeededGenerator(seed: seed, stream: "\(Self.name)/\(stream)")
    let best: ScalarKMeans.Clustering
    switch start {
    case .linear: best = search.converged(from: search.linearStart())
    case .random: best = search.converged(from: search.randomStart(&generator))
    case .density: best = search.converged(from: search.quantileStart())
    case .kMeansPlusPlus:
      let (even, drawn) = (search.converged(from: search.linearStart()), search.converged(from: search.plusPlusStart(&generator)))
      best = drawn.cost < even.cost ? drawn : even
    }
    return weights.map { $0 == 0 ? 0 : best.nearest(to: $0) }
  }

  /// The weights, so many in a row replaced by the vector that they share.
  private func shareVectors(_ weights: [Float], dimension: Int, bits: Int, seed: UInt64, stream: String) -> [Float] {
    guard let search = VectorKMeans(weights, dimension: dimension, clusters: 1 << bits) else { return weights }
    var generator = SeededGenerator(seed: seed, stream: "\(Self.name)/\(stream)")
    let best = search.converged(from: start == .random ? search.randomStart(&generator) : search.plusPlusStart(&generator))
    return best.nearest.flatMap { best.centres[$0 * dimension..<($0 + 1) * dimension] }
  }
}
