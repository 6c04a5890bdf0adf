import PareGraph
import PareTensor
import PareTraining

/// Turns the products of linear layers into products of 8-bit integers, with ranges found on the training part
/// (post-training quantization).
///
/// What comes out is the standard form: the layer's input passes through QuantizeLinear and DequantizeLinear, its
/// weight is an int8 parameter behind a DequantizeLinear, its bias stays Float32, its output is real. Weights that are
/// zero stay zero, and are stored under a bitmask where that weighs less. Works on every graph of Gemm and MatMul
/// layers, pruned, shared and factorized ones included; products of two matrices become Gemm with weights `[out, in]`,
/// for which integer arithmetic is defined.
///
/// - Source: Jacob et al. 2018, arXiv:1712.05877; Wu et al. 2020, arXiv:2004.09602.
public struct Quantization: CompressionTechnique {
  public static let name = "quantization"

  /// What becomes of LSTM and GRU layers.
  public enum RecurrentForm: String, RecipeWord {
    /// They stay in Float32.
    case float
    /// `pare.QuantizedLSTM` and `pare.QuantizedGRU`: all in integers, gates from tables. These have no form in ONNX.
    case integers
  }

  public var scheme: QuantizationScheme
  public var calibration: Calibration
  public var layers: LayerSelector
  public var recurrent: RecurrentForm

  public init(
    _ precision: QuantizationPrecision, weights: TensorScheme = .symmetric(.perChannel),
    activations: TensorScheme = .asymmetric(.perTensor), calibration: Calibration = .minMax,
    layers: LayerSelector = .all, recurrent: RecurrentForm = .float
  ) {
    self.init(
      QuantizationScheme(precision, weights: weights, activations: activations), calibration: calibration, layers: layers,
      recurrent: recurrent)
  }

  public init(
    _ scheme: QuantizationScheme, calibration: Calibration = .minMax, layers: LayerSelector = .all,
    recurrent: RecurrentForm = .float
  ) {
    self.scheme = scheme
    self.calibration = calibration
    self.layers = layers
    self.recurrent = recurrent
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.weights).key(TensorScheme.CodingKeys.symmetry).require(
      scheme.weights.symmetry == .symmetric, expected: "'symmetric': int8 weights have no zero point",
      found: "'\(scheme.weights.symmetry.rawValue)'")
    try path.key(CodingKeys.activations).key(TensorScheme.CodingKeys.granularity).require(
      scheme.activations.granularity == .perTensor, expected: "'per-tensor': a layer sums over its channels",
      found: "'\(scheme.activations.granularity.rawValue)'")
    try calibration.validate(at: path.key(CodingKeys.calibration))
    try layers.validate(at: path.key(CodingKeys.layers))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let layers = try layers.layers(of: model.graph)
    let rows = try context.trainingRows(for: Self.name)
    let histograms = try ActivationObserver.observe(layers.map { $0.input }, of: model.graph, rows: rows) {
      context.progress(CompressionProgress(technique: Self.name, activity: "calibrating", fraction: $0))
    }
    let maps = histograms.mapValues { AffineMap(covering: calibration.range(of: $0), symmetry: scheme.activations.symmetry) }
    var rewrite = try QuantizationRewrite(model.graph)
    var weightReports: [String: LayerReport] = [:]
    for layer in layers.uniqueByWeight() {
      weightReports[layer.weight] = try quantizeWeight(
        of: layers.filter { $0.weight == layer.weight }, in: model.graph, maps: maps, rewrite: &rewrite)
    }
    var reports: [LayerReport] = []
    for layer in layers {
      guard let map = maps[layer.input], let histogram = histograms[layer.input], var report = weightReports[layer.weight]
      else { continue }
      rewrite.quantizeInput(of: layer, by: map)
      report.layer = layer.name
      report.outcome += ", \(map.words)"
      report.figures["input_scale"] = Double(map.scale)
      report.figures["input_zero_point"] = Double(map.zeroPoint)
      report.figures["input_saturation"] = histogram.share(outside: map.covered)
      reports.append(report)
    }
    let (graph, others) = try quantizeRecurrent(try rewrite.finish(), of: model.graph, rows: rows)
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports + others)
  }

  /// Puts integer forms in the place of the selected recurrent layers, where asked for, and says what is left and why.
  ///
  /// - Parameters:
  ///   - graph: with its products quantized.
  ///   - original: what ranges are observed on.
  private func quantizeRecurrent(
    _ graph: Graph, of original: Graph, rows: TrainingData
  ) throws -> (Graph, [LayerReport]) {
    let others = layers.others(of: original)
    var nodes: [Node] = []
    for layer in others where recurrent == .integers && RecurrentQuantization.applies(to: layer.node, in: original) {
      if nodes.last?.name != layer.name { nodes.append(layer.node) }
    }
    let left = others.filter { layer in !nodes.contains { $0.name == layer.name } }.map { layer in
      let canBe = RecurrentQuantization.applies(to: layer.node, in: original)
      return LayerReport(
        layer: layer.label,
        outcome: "left in Float32: " + (canBe ? "recurrent layers were not asked for" : "\(layer.node.operatorName) has no integer form"))
    }
    guard !nodes.isEmpty else { return (graph, left) }
    let ranges = try RecurrentCalibration.ranges(
      of: nodes, in: original, rows: rows, calibration: calibration, symmetry: scheme.activations.symmetry, progress: { _ in })
    let quantized = try RecurrentQuantization.quantize(graph, ranges)
    let made = nodes.map { node -> LayerReport in
      var figures: [String: Double] = [:]
      if let range = ranges[node.name] {
        figures["input_scale"] = Double(range.inputScale)
        figures["largest_cell"] = Double(range.cell)
        figures["largest_state"] = Double(range.state)
      }
      return LayerReport(
        layer: node.name, outcome: "all in integers, as pare.Quantized\(node.operatorName)", figures: figures)
    }
    return (quantized, made + left)
  }

  /// Quantizes the weight that layers share.
  private func quantizeWeight(
    of layers: [LinearLayer], in graph: Graph, maps: [String: AffineMap], rewrite: inout QuantizationRewrite
  ) throws -> LayerReport {
    let layer = layers[0]
    if let other = layers.first(where: { $0.outputAxis != layer.outputAxis }) {
      throw CompressionError(
        "shared-weight", subject: "weight '\(layer.weight)'", expected: "one orientation in all layers that share it",
        found: "another in '\(other.name)' than in '\(layer.name)'")
    }
    let weights = try graph.weights(of: layer)
    let quantized = QuantizedWeights(
      weights, of: layer, granularity: scheme.weights.granularity,
      smallestScales: Self.smallestScales(for: layers, in: graph, maps: maps))
    let storage = rewrite.replaceWeight(of: layers, by: quantized)
    return LayerReport(
      layer: layer.name, outcome: "weights \(storage.words)",
      weightError: ErrorMeasure(of: quantized.decoded(of: layer), against: weights.map { Double($0) }),
      figures: [
        "weight_error_in_half_steps": quantized.largestErrorInHalfSteps(of: weights, layer: layer),
        "bytes": Double(storage.byteCount),
      ])
  }

  /// The scales below which a bias, counted in steps of the accumulator, would leave Int32: `S_w ≥ |b| / (S_x · 2³⁰)`.
  private static func smallestScales(for layers: [LinearLayer], in graph: Graph, maps: [String: AffineMap]) -> [Double] {
    var scales = [Double](repeating: 0, count: layers.first?.outputCount ?? 0)
    for layer in layers {
      guard let bias = layer.bias.flatMap({ graph.parameters[$0] })?.storage.decoded().doubles, let map = maps[layer.input]
      else { continue }
      for channel in scales.indices {
        guard let b = bias.count == 1 ? bias.first : (bias.indices.contains(channel) ? bias[channel] : nil) else { continue }
        scales[channel] = max(scales[channel], b.magnitude / (Double(map.scale) * 0x1p30))
      }
    }
    return scales
  }
}

extension AffineMap {
  fileprivate var words: String {
    "input in \(Float(representable.lowerBound)) ... \(Float(representable.upperBound))"
  }
}

extension Quantization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case precision, weights, activations, calibration, layers, recurrent
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(QuantizationPrecision.self, forKey: .precision),
      weights: try container.decodeIfPresent(TensorScheme.self, forKey: .weights) ?? .symmetric(.perChannel),
      activations: try container.decodeIfPresent(TensorScheme.self, forKey: .activations) ?? .asymmetric(.perTensor),
      calibration: try container.decodeIfPresent(Calibration.self, forKey: .calibration) ?? .minMax,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      recurrent: try container.decodeIfPresent(RecurrentForm.self, forKey: .recurrent) ?? .float)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(scheme.precision, forKey: .precision)
    try container.encode(scheme.weights, forKey: .weights)
    try container.encode(scheme.activations, forKey: .activations)
    try container.encode(calibration, forKey: .calibration)
    try container.encode(layers, forKey: .layers)
    try container.encode(recurrent, forKey: .recurrent)
  }
}
