import PareGraph
import PareTensor
import PareTraining

/// One run of the technique over a graph: what becomes of each layer, what the training part shows, then layer by layer.
struct QuantizationRun {
  let technique: Quantization
  let context: CompressionContext
  let graph: Graph
  let forms: [LayerForm]
  let observations: Observations
  var rewrite: QuantizationRewrite

  init(_ technique: Quantization, _ original: Graph, _ context: CompressionContext) throws {
    self.technique = technique
    self.context = context
    // A normalization that follows a layer would keep it from ending in integers, and hide its range.
    let selected = Set(try technique.layers.weights(of: original).map(\.name))
    graph = try original.foldingBatchNormalization { selected.contains($0.name) }
    forms = try LayerForms(technique, graph).all()
    let request = Self.request(forms, technique)
    observations = request.isEmpty
      ? Observations()
      : try ActivationObserver.observe(request, of: graph, rows: context.trainingRows(for: Quantization.name)) {
        context.progress(CompressionProgress(technique: Quantization.name, activity: "calibrating", fraction: $0))
      }
    rewrite = try QuantizationRewrite(graph)
  }

  /// What has to be known of the values in the graph.
  private static func request(_ forms: [LayerForm], _ technique: Quantization) -> ObservationRequest {
    var request = ObservationRequest(regimes: technique.calibration.regimes)
    func needMoments(_ key: MomentKey, withProducts: Bool = false) {
      request.moments[key] = request.moments[key] == true || withProducts
    }
    for form in forms {
      switch form.kind {
      case .product(let layer):
        let scheme = form.scheme
        if scheme.mode == .static { request.ranges.insert(layer.input) }
        if scheme.rounding.needsInputs, !layer.isConvolution { needMoments(layer.momentKey, withProducts: true) }
        if technique.correctsBias || scheme.precision == .binary && scheme.mode == .static { needMoments(layer.momentKey) }
        if case .learned = scheme.precision { needMoments(layer.momentKey) }
      case .stored(let tensor):
        if case .learned = form.scheme.precision, tensor.weight == tensor.node.input(1) {
          needMoments(MomentKey(value: tensor.node.inputs[0]))
        }
      case .recurrent, .float: break
      }
    }
    return request
  }

  /// The quantized graph and what became of each layer.
  mutating func result() throws -> (Graph, [LayerReport]) {
    var reports: [LayerReport] = []
    var weightReports: [String: LayerReport] = [:]
    let binary = try fitBinaryLayers()
    for form in forms {
      switch form.kind {
      case .float(let reason):
        reports.append(LayerReport(layer: form.tensor.label, outcome: "left in Float32: \(reason)"))
      case .stored(let tensor):
        reports.append(try store(tensor, form.scheme))
      case .product(let layer):
        if let fit = binary[layer.name] {
          reports.append(try replace(by: fit))
          continue
        }
        let weight = layer.weight
        if weightReports[weight] == nil { weightReports[weight] = try quantizeWeight(of: layer, form.scheme) }
        guard var report = weightReports[weight] else { continue }
        report.layer = layer.name
        if let note = form.note { report.outcome += " (\(note))" }
        quantizeInput(of: layer, form.scheme, &report)
        reports.append(report)
      case .recurrent: break
      }
    }
    let finished = try rewrite.finish()
    let (result, recurrent) = try quantizeRecurrentLayers(finished)
    return (result, reports + recurrent + graph.floatReports())
  }

  // MARK: activations

  /// How the input of a layer is mapped; nil where it is not fixed beforehand.
  func inputMap(of layer: ProductLayer, _ scheme: QuantizationScheme) -> AffineMap? {
    guard scheme.mode == .static, let record = observations.records[layer.input] else { return nil }
    let grid = ActivationGrid(scheme.activations)
    return grid.map(covering: record.range(by: technique.calibration, onto: grid))
  }

  private mutating func quantizeInput(of layer: ProductLayer, _ scheme: QuantizationScheme, _ report: inout LayerReport) {
    if scheme.mode == .dynamic {
      rewrite.quantizeInputDynamically(of: layer)
      report.outcome += ", input in its own range each time"
    }
    guard let map = inputMap(of: layer, scheme), let record = observations.records[layer.input] else { return }
    rewrite.quantizeInput(of: layer, by: map)
    report.outcome += ", input in \(Float(map.representable.lowerBound)) ... \(Float(map.representable.upperBound))"
    report.figures["input_scale"] = Double(map.scale)
    report.figures["input_zero_point"] = Double(map.zeroPoint)
    report.figures["input_saturation"] = record.whole.histogram.share(outside: map.covered)
    report.figures.merge(record.figures(by: technique.calibration, onto: ActivationGrid(scheme.activations))) { $1 }
  }

  // MARK: recurrent layers

  /// Puts integer forms in the place of recurrent layers, in a graph whose products are quantized already.
  private func quantizeRecurrentLayers(_ quantized: Graph) throws -> (Graph, [LayerReport]) {
    var schemes: [String: QuantizationScheme] = [:]
    var nodes: [Node] = []
    for form in forms {
      guard case .recurrent(let node) = form.kind, schemes[node.name] == nil else { continue }
      schemes[node.name] = form.scheme
      nodes.append(node)
    }
    guard !nodes.isEmpty else { return (quantized, []) }
    let ranges = try RecurrentCalibration.ranges(
      of: nodes, in: graph, rows: try context.trainingRows(for: Quantization.name), calibration: technique.calibration,
      grid: { ActivationGrid((schemes[$0] ?? technique.scheme).activations) }, progress: { _ in })
    let result = try RecurrentQuantization.quantize(quantized, ranges)
    let reports = nodes.map { node -> LayerReport in
      var figures: [String: Double] = [:]
      if let range = ranges[node.name] {
        figures["input_scale"] = Double(range.inputScale)
        figures["largest_cell"] = Double(range.cell)
        figures["largest_state"] = Double(range.state)
      }
      return LayerReport(
        layer: node.name, outcome: "all in integers, as pare.Quantized\(node.operatorName)", figures: figures)
    }
    return (result, reports)
  }
}

extension ProductLayer {
  /// Where the means of its inputs are kept: by input, or of a convolution by channel.
  var momentKey: MomentKey { MomentKey(value: input, isChannels: isConvolution) }

  /// Inputs that one of those means is of.
  var inputsPerMoment: Int { isConvolution ? shape.dimensions.dropFirst(2).reduce(1, *) : 1 }

  /// Whether each output reads all channels, as dense layers do.
  var isUngrouped: Bool { ((try? node.int("group", default: 1)) ?? 0) == 1 }
}
