import PareGraph
import PareTensor

/// What reads the steps of each symbol before symbols see each other, with the same weights for all of them.
public enum SymbolSequence: Sendable, Hashable, Codable {
  /// A GRU of so many units, of which the last state stays.
  case gru(units: Int)
  /// Residual blocks of causal convolutions, of which the newest step stays (`TemporalConvolutionalNetwork`).
  case tcn(channels: [Int], kernel: Int)

  /// Numbers per symbol that stay.
  var width: Int {
    switch self {
    case .gru(let units): units
    case .tcn(let channels, _): channels.last ?? 0
    }
  }

  func parameterCount(inputs: Int) -> Int {
    switch self {
    case .gru(let units): 3 * units * (inputs + units + 2)
    case .tcn(let channels, let kernel): CausalBlocks.parameterCount(inputs: inputs, channels: channels, kernel: kernel)
    }
  }

  func validate(_ settings: ArchitectureSettings) throws {
    switch self {
    case .gru(let units): try settings.check("sequence units", units, in: 1...8192)
    case .tcn(let channels, let kernel):
      try CausalBlocks(inputs: 1, channels: channels, kernel: kernel, dropout: 0, seed: 0, architecture: "").validate(settings)
    }
  }

  /// - Shapes: `[batch, symbols, steps, inputs]` → `[batch, symbols, width]`.
  func append(
    _ input: String, symbols: Int, steps: Int, inputs: Int, seed: UInt64, architecture: String, to builder: inout GraphBuilder
  ) throws -> String {
    var value = try builder.reshape(input, [-1, steps, inputs], name: "sequence.rows")
    switch self {
    case .gru(let units):
      value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2])], name: "sequence.steps")
      let layer = RecurrentLayer(cell: .gru, inputs: inputs, units: units, seed: seed, architecture: architecture, index: 0)
      value = try layer.last(layer.append(value, to: &builder), &builder)
    case .tcn(let channels, let kernel):
      value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 2, 1])], name: "sequence.channels")
      let blocks = CausalBlocks(
        inputs: inputs, channels: channels, kernel: kernel, dropout: 0, seed: seed, architecture: architecture)
      value = try builder.last(blocks.append(value, to: &builder), axis: 2, name: "sequence.last")
    }
    return try builder.reshape(value, [-1, symbols, width], name: "sequence")
  }
}
