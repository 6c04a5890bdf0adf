import PareGraph
import PareTensor
import PareTraining

/// What quantization costs one layer, weights and activations apart.
public struct QuantizationAnalysis: Sendable, Hashable, Encodable {
  public var layer: String
  /// The weights that the integers stand for, against the real ones.
  public var weights: ErrorMeasure
  /// The largest error of a weight in halves of its step: at most 1 where the scale covers the weights.
  public var weightErrorInHalfSteps: Double
  /// The layer's input once rounded, against itself before. Errors of earlier layers are not in it.
  public var input: ErrorMeasure
  /// The largest error of an input that does not saturate, in halves of its step: at most 1, up to the rounding of
  /// Float32.
  public var inputErrorInHalfSteps: Double
  /// The fraction of inputs beyond the range of the integers.
  public var inputSaturation: Double
  /// The layer's output in the quantized model, against that in the real one: errors of earlier layers included.
  public var output: ErrorMeasure

  private enum CodingKeys: String, CodingKey {
    case layer, weights, input, output
    case weightErrorInHalfSteps = "weight_error_in_half_steps"
    case inputErrorInHalfSteps = "input_error_in_half_steps"
    case inputSaturation = "input_saturation"
  }

  /// Analyses every layer that is quantized in one graph and real in the other, in the order of evaluation.
  ///
  /// - Parameter rows: the data to run both graphs on, in the floating-point reading.
  /// - Throws: what evaluating the graphs throws.
  public static func layers(
    of quantized: Graph, against original: Graph, rows: TrainingData
  ) throws -> [QuantizationAnalysis] {
    let real = Dictionary(original.productLayers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = quantized.quantizedLayers.compactMap { layer in real[layer.name].map { (layer, $0) } }
    var analyses = try pairs.map { layer, real in
      let weights = try original.weights(of: real).map { Double($0) }
      return QuantizationAnalysis(layer, weights: layer.outputAxis == real.outputAxis ? weights : real.byOutput(weights))
    }
    var counters = analyses.map { _ in InputCounter() }
    let wanted = pairs.flatMap { [$0.0.input, $0.0.dequantizedInput, $0.0.output] }
    try RowEvaluation.forEachChunk(of: rows, through: quantized, values: wanted) { chunk, range in
      let reference = try Scorer(original, outputs: pairs.map { $0.1.output }).values(rows.rows(range))
      for (index, (layer, real)) in pairs.enumerated() {
        guard let input = chunk[layer.input]?.doubles, let rounded = chunk[layer.dequantizedInput]?.doubles,
          let output = chunk[layer.output]?.doubles, let expected = reference[real.output]?.doubles
        else { continue }
        analyses[index].input.add(rounded, against: input)
        analyses[index].output.add(output, against: expected)
        counters[index].add(input, rounded: rounded, layer: layer)
      }
    }
    for (index, counter) in counters.enumerated() {
      analyses[index].inputErrorInHalfSteps = counter.largestErrorInHalfSteps
      analyses[index].inputSaturation = counter.count == 0 ? 0 : Double(counter.saturated) / Double(counter.count)
    }
    return analyses
  }

  private init(_ layer: QuantizedLayer, weights: [Double]) {
    self.layer = layer.name
    self.weights = ErrorMeasure(of: layer.weights, against: weights)
    weightErrorInHalfSteps = zip(zip(weights, layer.weights), layer.weightScales).reduce(0) {
      max($0, ($1.0.0 - $1.0.1).magnitude / ($1.1 / 2))
    }
    input = ErrorMeasure()
    inputErrorInHalfSteps = 0
    inputSaturation = 0
    output = ErrorMeasure()
  }

  /// Inputs that saturate, and the errors of those that do not.
  private struct InputCounter {
    var count = 0
    var saturated = 0
    var largestErrorInHalfSteps = 0.0

    mutating func add(_ input: [Double], rounded: [Double], layer: QuantizedLayer) {
      guard let map = layer.inputMap else { return }
      count += input.count
      let covered = map.covered
      let halfStep = Double(map.scale) / 2
      for (before, after) in zip(input, rounded) {
        if covered.contains(before) {
          largestErrorInHalfSteps = max(largestErrorInHalfSteps, (before - after).magnitude / halfStep)
        } else {
          saturated += 1
        }
      }
    }
  }
}
