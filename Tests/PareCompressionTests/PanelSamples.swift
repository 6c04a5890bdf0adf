import PareGraph
import PareModels
import PareTensor

/// Days of a panel drawn at random, and what a graph over panels yields for them at once.
struct PanelDays {
  let days: Int
  let symbols: Int
  let inputs: Int
  /// Day by day.
  let features: [[Float]]
  let masks: [[Float]]

  /// - Parameter absent: of how many rows one is absent; its features are NaN.
  init(days: Int, symbols: Int, inputs: Int, absent: Int = 7, seed: UInt64) {
    (self.days, self.symbols, self.inputs) = (days, symbols, inputs)
    var generator = SeededGenerator(seed: seed, stream: "panel")
    var (features, masks) = ([[Float]](), [[Float]]())
    for _ in 0..<days {
      let mask = (0..<symbols).map { _ -> Float in generator.uniform() * Double(absent) < 1 ? 0 : 1 }
      masks.append(mask)
      features.append((0..<symbols * inputs).map { mask[$0 / inputs] > 0.5 ? Float(generator.normal()) : .nan })
    }
    (self.features, self.masks) = (features, masks)
  }

  var tensors: [String: Tensor] {
    [
      "features": Tensor(features.flatMap { $0 }, shape: [1, days, symbols, inputs]),
      "mask": Tensor(masks.flatMap { $0 }, shape: [1, days, symbols]),
    ]
  }

  /// Scores of all days from one evaluation by the reference.
  func scores(_ graph: Graph, precision: ReferenceEvaluator.Precision = .stored) throws -> [Double] {
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1, "steps": days, "symbols": symbols], precision: precision)
    let inputs = precision == .float64 ? tensors.mapValues { Tensor($0.doubles, shape: $0.shape) } : tensors
    return try evaluator.run(inputs)["scores"].map(\.doubles) ?? []
  }
}
