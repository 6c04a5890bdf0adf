import PareGraph
import PareTensor
import PareTraining

/// What quantization costs one layer, weights and activations apart.
public struct QuantizationAnalysis: Sendable, Hashable, Encodable {
  public var layer: String
  /// The weights that are multiplied, against the real ones.
  public var weights: ErrorMeasure
  /// The largest error of a weight in halves of its step: at most 1 where the scale covers the weights. 0 where weights are
  /// no integers.
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
  /// The real weights, and how far those go that the integers stand for.
  public var weightValues: ValueHistogram
  /// The layer's input before it is rounded.
  public var inputValues: ValueHistogram

  private enum CodingKeys: String, CodingKey {
    case layer, weights, input, output
    case weightValues = "weight_values"
    case inputValues = "input_values"
    case weightErrorInHalfSteps = "weight_error_in_half_steps"
    case inputErrorInHalfSteps = "input_error_in_half_steps"
    case inputSaturation = "input_saturation"
  }

  /// Analyses every layer that is quantized in one graph and real in the other, with as many weights, in the order of
  /// evaluation.
  ///
  /// - Parameter rows: the data to run both graphs on, in the floating-point reading.
  /// - Throws: what evaluating the graphs throws; `compression.non-finite-value` for weights and inputs that are none.
  public static func layers(
    of quantized: Graph, against original: Graph, rows: TrainingData
  ) throws -> [QuantizationAnalysis] {
    let real = Dictionary(original.productLayers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = quantized.quantizedLayers.compactMap { layer in
      real[layer.name].flatMap { $0.shape.elementCount == layer.weights.count ? (layer, $0) : nil }
    }
    guard !pairs.isEmpty else { return [] }
    var analyses = try pairs.map { layer, real in
      let weights = try original.weights(of: real)
      return try QuantizationAnalysis(layer, weights: layer.outputAxis == real.outputAxis ? weights : real.byOutput(weights))
    }
    var counters = analyses.map { _ in InputCounter() }
    let wanted = pairs.flatMap { [$0.0.input, $0.0.dequantizedInput, $0.0.output] }
    try RowEvaluation.forEachChunk(of: rows, through: quantized, values: wanted) { chunk, range in
      let reference = try Scorer(original, outputs: pairs.map { $0.1.output }).values(rows.rows(range))
      for (index, (layer, real)) in pairs.enumerated() {
        guard let input = chunk[layer.input], let rounded = chunk[layer.dequantizedInput]?.doubles,
          let output = chunk[layer.output]?.doubles, let expected = reference[real.output]?.doubles
        else { continue }
        let before = input.doubles
        analyses[index].input.add(rounded, against: before)
        analyses[index].output.add(output, against: expected)
        counters[index].add(before, rounded: rounded, layer: layer)
        try input.withUnsafeElements(as: Float.self) { _ = try counters[index].histogram.add($0, of: layer.input) }
      }
    }
    for (index, counter) in counters.enumerated() {
      let map = pairs[index].0.inputMap
      analyses[index].inputErrorInHalfSteps = counter.largestErrorInHalfSteps
      analyses[index].inputSaturation = counter.count == 0 ? 0 : Double(counter.saturated) / Double(counter.count)
      analyses[index].inputValues = ValueHistogram(
        counter.histogram, reach: map?.representable, steps: map.map { Double($0.scale)...Double($0.scale) })
    }
    return analyses
  }

  private init(_ layer: QuantizedLayer, weights real: [Float]) throws {
    let weights = real.map { Double($0) }
    self.layer = layer.name
    self.weights = ErrorMeasure(of: layer.weights, against: weights)
    weightErrorInHalfSteps = zip(zip(weights, layer.weights), layer.weightScales).reduce(0) {
      max($0, ($1.0.0 - $1.0.1).magnitude / ($1.1 / 2))
    }
    input = ErrorMeasure()
    inputErrorInHalfSteps = 0
    inputSaturation = 0
    output = ErrorMeasure()
    var histogram = StreamingHistogram()
    try real.withUnsafeBufferPointer { _ = try histogram.add($0, of: layer.name) }
    weightValues = ValueHistogram(histogram, reach: layer.weights.bounds, steps: layer.weightScales.bounds)
    inputValues = ValueHistogram()
  }

  /// Where inputs lie, which of them saturate, and the errors of those that do not.
  private struct InputCounter {
    var histogram = StreamingHistogram()
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

extension [Double] {
  /// From the smallest to the largest; nil of none.
  fileprivate var bounds: ClosedRange<Double>? {
    guard let low = self.min(), let high = self.max() else { return nil }
    return low...high
  }
}
