import PareGraph
import PareModels

/// The shape of a teacher or a student, whose inputs and outputs the data, or its teacher, decide. In files:
/// `{mlp: {hidden: [16, 8]}}`, `{cnn: {channels: [32, 64]}}`, `{lstm: {hidden: [64]}}`.
public enum NetworkArchitecture: Sendable, Hashable {
  /// Dense layers of these widths with Relu between them; none makes it a logistic regression. Windows are flattened.
  case mlp(hidden: [Int])
  /// Convolutions over the candles of a window, with Relu behind each, and a dense layer.
  case cnn(channels: [Int], kernel: Int = 3, stride: Int = 2)
  /// Recurrent layers over the candles of a window, and a dense layer on the last state.
  case recurrent(RecurrentNetwork.Cell, hidden: [Int])

  /// In a few words: `"MLP 16-8"`.
  package var words: String {
    func list(_ widths: [Int]) -> String { widths.map(String.init).joined(separator: "-") }
    return switch self {
    case .mlp(let hidden): hidden.isEmpty ? "logistic regression" : "MLP " + list(hidden)
    case .cnn(let channels, let kernel, let stride): "CNN \(list(channels)), kernel \(kernel), stride \(stride)"
    case .recurrent(let cell, let hidden): "\(cell.rawValue.uppercased()) \(list(hidden))"
    }
  }

  /// A graph with freshly drawn weights.
  ///
  /// - Parameters:
  ///   - rowShape: extents of one row: `[features]` or, as sequences need it, `[candles, features]`.
  ///   - normalizer: put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture` where the shape of a row is not the network's.
  package func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String? = nil, input: String = "features",
    normalizer: Normalizer? = nil, thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    switch self {
    case .mlp(let hidden):
      return try MultilayerPerceptron(inputs: rowShape.reduce(1, *), hidden: hidden, outputs: outputs).graph(
        seed: seed, name: name ?? "mlp", input: input, rowShape: rowShape, normalizer: normalizer, thresholds: thresholds)
    case .cnn(let channels, let kernel, let stride):
      let (steps, inputs) = try window(rowShape)
      return try ConvolutionalNetwork(
        steps: steps, inputs: inputs, channels: channels, kernel: kernel, stride: stride, outputs: outputs
      ).graph(seed: seed, name: name ?? "cnn", input: input, normalizer: normalizer, thresholds: thresholds)
    case .recurrent(let cell, let hidden):
      let (steps, inputs) = try window(rowShape)
      return try RecurrentNetwork(cell, steps: steps, inputs: inputs, hidden: hidden, outputs: outputs).graph(
        seed: seed, name: name, input: input, normalizer: normalizer, thresholds: thresholds)
    }
  }

  private func window(_ rowShape: [Int]) throws -> (steps: Int, inputs: Int) {
    guard rowShape.count == 2 else {
      throw GraphError(
        "architecture", subject: words, expected: "rows of [candles, features], as 'features: {window: 32}' makes them",
        found: "rows of \(rowShape)", category: .usage)
    }
    return (rowShape[0], rowShape[1])
  }
}
