import PareGraph
import PareTensor

/// Rows on which two models are run, each by its own names.
struct ComparedRows {
  /// Random rows.
  static let randomCount = 1024

  /// Where they come from, in words.
  let source: String
  private let tensors: [String: Tensor]

  /// - Parameter tensors: by the inputs' names; under an empty name that of the only input.
  init(_ tensors: [String: Tensor], source: String) {
    (self.tensors, self.source) = (tensors, source)
  }

  /// Standard normal numbers for every input of a graph; nil where an input has other numbers, or an extent besides its rows is open.
  init?(random seed: UInt64, for graph: Graph) {
    var generator = SeededGenerator(seed: seed, stream: "compare")
    var tensors: [String: Tensor] = [:]
    for input in graph.inputs {
      let dimensions = input.type.dimensions
      let inner = dimensions.dropFirst().compactMap(\.fixedValue)
      guard input.type.elementType == .float32, !dimensions.isEmpty, inner.count == dimensions.count - 1 else { return nil }
      let shape = Shape([dimensions[0].fixedValue ?? Self.randomCount] + inner)
      tensors[input.name] = Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
    }
    guard !tensors.isEmpty else { return nil }
    self.init(tensors, source: "random rows, seed \(seed)")
  }

  /// By a model's names: an only input takes the only tensor, whatever either is called.
  func inputs(of graph: Graph) -> [String: Tensor] {
    guard tensors.count == 1, graph.inputs.count == 1, let only = tensors.first else { return tensors }
    return [graph.inputs[0].name: only.value]
  }
}
