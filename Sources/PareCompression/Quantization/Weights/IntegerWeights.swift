import PareTensor

/// A weight matrix as int8, symmetrically about zero.
///
/// The stored q represents `w ≈ S·q` with `S = max |w| / 127` over a channel, or over the whole matrix, and q in
/// −127 … 127. Zeros stay zeros; a channel of zeros gets scale 1.
///
/// - Bound: `|w − S·q| ≤ S / 2`.
/// - Source: Jacob et al. 2018, arXiv:1712.05877, §2.1, with zero point 0.
struct QuantizedWeights {
  static let largestInteger = 127.0

  /// Row-major as the layer's weight.
  var integers: [Int8]
  /// One for each output, or a single one.
  var scales: [Float]
  let granularity: TensorScheme.Granularity

  /// - Parameter smallestScales: for each output, below what its scale shall not fall.
  init(
    _ weights: [Float], of layer: LinearLayer, granularity: TensorScheme.Granularity, smallestScales: [Double]
  ) {
    var sizes = [Double](repeating: 0, count: layer.outputCount)
    for (position, weight) in weights.enumerated() {
      let channel = layer.channel(of: position)
      sizes[channel] = max(sizes[channel], Double(weight.magnitude))
    }
    for channel in sizes.indices where sizes[channel] > 0 {
      sizes[channel] = max(sizes[channel] / Self.largestInteger, smallestScales[channel])
    }
    if granularity == .perTensor { sizes = [sizes.max() ?? 0] }
    let scales = sizes.map { AffineMap.scale($0) }
    self.scales = scales
    self.granularity = granularity
    integers = weights.enumerated().map { position, weight in
      let scale = scales[granularity == .perTensor ? 0 : layer.channel(of: position)]
      let quotient = (Double(weight) / Double(scale)).rounded(.toNearestOrEven)
      return Int8(min(max(quotient, -Self.largestInteger), Self.largestInteger))
    }
  }

  func scale(at position: Int, of layer: LinearLayer) -> Float {
    granularity == .perTensor ? scales[0] : scales[layer.channel(of: position)]
  }

  /// `S·q`.
  func decoded(of layer: LinearLayer) -> [Double] {
    integers.enumerated().map { position, integer in
      Double(scale(at: position, of: layer)) * Double(integer)
    }
  }

  /// The largest `|w − S·q|` in halves of its step: at most 1.
  func largestErrorInHalfSteps(of weights: [Float], layer: LinearLayer) -> Double {
    zip(weights.indices, zip(weights, decoded(of: layer))).reduce(0) { largest, entry in
      let scale = Double(scale(at: entry.0, of: layer))
      return max(largest, (Double(entry.1.0) - entry.1.1).magnitude / (scale / 2))
    }
  }
}
