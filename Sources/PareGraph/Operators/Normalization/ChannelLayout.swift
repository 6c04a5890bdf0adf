import PareTensor

/// `X [N, C, D1, …]` as samples of channels of contiguous elements.
struct ChannelLayout: Sendable, Hashable {
  let samples: Int
  let channels: Int
  /// Elements of one channel of one sample.
  let inner: Int

  /// - Precondition: at least two axes.
  init(_ shape: Shape) {
    samples = shape[0]
    channels = shape[1]
    inner = shape.dimensions[2...].reduce(1, *)
  }

  /// Calls `body` with the offset of each element of a channel, in order.
  @inline(__always)
  func forEach(channel: Int, _ body: (Int) -> Void) {
    for sample in 0..<samples {
      let start = (sample * channels + channel) * inner
      for offset in start..<start + inner { body(offset) }
    }
  }

  /// Elements of a channel in all samples.
  var channelCount: Int { samples * inner }
}

extension InferenceContext {
  /// The type of X with its channels as the second axis, after a check that the other inputs named are vectors of one
  /// number per channel. They may be of another floating-point type where both are computed in Float32.
  func channelInputs(_ vectors: Range<Int>, of index: Int = 0) throws -> ValueType {
    let x = try floatingPointInput(index)
    guard x.rank >= 2 else {
      throw GraphError("shape", node: node, expected: "X [batch, channels, …]", found: "\(x)")
    }
    for vector in vectors {
      let type = try floatingPointInput(vector)
      guard type.dimensions == [x.dimensions[1]], (type.elementType == .float64) == (x.elementType == .float64) else {
        throw GraphError(
          "shape", node: node, expected: "input \(vector) with one number per channel of \(x)", found: "\(type)")
      }
    }
    return x
  }
}
