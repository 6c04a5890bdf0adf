import PareGraph
import PareTensor

/// Residual blocks of dilated causal convolutions.
///
/// - Shapes: `[rows, inputs, steps]` → `[rows, width, steps]`.
/// - Source: Bai, Kolter and Koltun 2018, arXiv:1803.01271, §3.
struct CausalBlocks {
  let inputs: Int
  let channels: [Int]
  let kernel: Int
  let dropout: Double
  let seed: UInt64
  /// The architecture, for the stream of draws.
  let architecture: String

  /// Channels of the result.
  var width: Int { channels.last ?? inputs }

  func append(_ input: String, to builder: inout GraphBuilder) throws -> String {
    var value = input
    for (index, (fanIn, filters)) in zip([inputs] + channels, channels).enumerated() {
      var branch = value
      for (half, width) in [fanIn, filters].enumerated() {
        let place = 2 * index + half
        let weight = draws("conv_\(place)").he([filters, width, kernel], fanIn: width * kernel)
        let dilation = 1 << index
        branch = try builder.convolution(
          branch, weight: weight,
          attributes: ["dilations": .ints([dilation]), "pads": .ints([(kernel - 1) * dilation, 0])], name: "conv_\(place)")
        branch = try builder.apply("Relu", [branch], name: "relu_\(place)")
        branch = try builder.dropout(branch, probability: dropout, name: "dropout_\(place)")
      }
      if fanIn != filters {
        let weight = draws("skip_\(index)").glorot([filters, fanIn, 1], fanIn: fanIn, fanOut: filters)
        value = try builder.convolution(value, weight: weight, name: "skip_\(index)")
      }
      value = try builder.apply("Add", [branch, value], name: "residual_\(index)")
      value = try builder.apply("Relu", [value], name: "residual_\(index).relu")
    }
    return value
  }

  static func parameterCount(inputs: Int, channels: [Int], kernel: Int) -> Int {
    zip([inputs] + channels, channels).reduce(0) { sum, block in
      let (fanIn, filters) = block
      return sum + filters * (fanIn * kernel + 1) + filters * (filters * kernel + 1) + (fanIn == filters ? 0 : filters * (fanIn + 1))
    }
  }

  func validate(_ settings: ArchitectureSettings) throws {
    try settings.check("layers", channels.count, in: 1...16)
    for filters in channels { try settings.check("channels", filters, in: 1...8192) }
    try settings.check("kernel", kernel, in: 1...64)
    try settings.check(dropout: dropout)
  }

  private func draws(_ layer: String) -> InitialWeights { InitialWeights(seed: seed, stream: "\(architecture)/\(layer)") }
}
