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
  /// Values that hold the windows of convolutions, by the convolution's name.
  private let windows: [String: String]
  /// Scans that become integers, and the values that hold their states, by name.
  private let scans: [ScanForm]
  private let traces: [String: [String]]
  var rewrite: QuantizationRewrite

  init(_ technique: Quantization, _ original: Graph, _ context: CompressionContext) throws {
    self.technique = technique
    self.context = context
    // A normalization that follows a layer would keep it from ending in integers, and hide its range.
    let selected = Set(try technique.layers.weights(of: original).map(\.name))
    graph = try original.foldingBatchNormalization { selected.contains($0.name) }
    forms = try LayerForms(technique, graph).all()
    var observed = graph
    windows = ConvolutionWindows.add(for: Self.layersWithMoments(forms, technique), to: &observed)
    let integers = Set(forms.compactMap { form -> String? in
      guard case .product(let layer) = form.kind, form.scheme.mode == .static, form.scheme.precision != .binary else { return nil }
      return layer.name
    })
    let folded = self.graph
    scans = technique.recurrent == .integers ? folded.nodes.compactMap { ScanForm($0, in: folded, integers: integers) } : []
    traces = try ScanTraces.add(for: scans.map(\.node), to: &observed)
    var request = Self.request(forms, technique, windows)
    for scan in scans { request.ranges.formUnion(scan.operands.map(\.value) + (traces[scan.node.name] ?? [])) }
    observations = request.isEmpty
      ? Observations()
      : try ActivationObserver.observe(request, of: observed, rows: context.trainingRows(for: Quantization.name)) {
        context.progress(CompressionProgress(technique: Quantization.name, activity: "calibrating", fraction: $0))
      }
    rewrite = try QuantizationRewrite(graph)
  }

  /// Products of which the means of the inputs are needed.
  private static func layersWithMoments(_ forms: [LayerForm], _ technique: Quantization) -> [ProductLayer] {
    forms.compactMap { form in
      guard case .product(let layer) = form.kind else { return nil }
      let isLearned = if case .learned = form.scheme.precision { true } else { false }
      let isBinary = form.scheme.precision == .binary && form.scheme.mode == .static
      return technique.correctsBias || form.scheme.rounding.needsInputs || isLearned || isBinary ? layer : nil
    }
  }

  /// What has to be known of the values in the graph.
  private static func request(
    _ forms: [LayerForm], _ technique: Quantization, _ windows: [String: String]
  ) -> ObservationRequest {
    var request = ObservationRequest(regimes: technique.calibration.regimes)
    if !windows.isEmpty { request.chunk = ConvolutionWindows.chunk }
    let layers = Set(layersWithMoments(forms, technique))
    for form in forms {
      switch form.kind {
      case .product(let layer):
        if form.scheme.mode == .static { request.ranges.insert(layer.input) }
        guard layers.contains(layer), let key = ProductInputs.key(of: layer, windows) else { continue }
        request.moments[key] = request.moments[key] == true || form.scheme.rounding.needsInputs
      case .stored(let tensor):
        if case .learned = form.scheme.precision, tensor.weight == tensor.node.input(1) {
          let key = MomentKey(value: tensor.node.inputs[0])
          request.moments[key] = request.moments[key] ?? false
        }
      case .recurrent, .float: break
      }
    }
    return request
  }

  /// What was observed of a layer's inputs.
  func moments(of layer: ProductLayer) -> InputMoments? {
    ProductInputs.key(of: layer, windows).flatMap { observations.moments[$0] }
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
    for scan in scans { reports.append(quantize(scan)) }
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

  // MARK: scans

  private mutating func quantize(_ scan: ScanForm) -> LayerReport {
    let grid = ActivationGrid(technique.scheme.activations)
    var maps: [AffineMap] = []
    for operand in scan.operands {
      guard let record = observations.records[operand.value] else { continue }
      let map = grid.map(covering: record.range(by: technique.calibration, onto: grid))
      rewrite.quantize(operand.value, readBy: operand.readers, by: map)
      maps.append(map)
    }
    let greatest = observations.greatestMagnitude(of: traces[scan.node.name] ?? [])
    guard maps.count == 3 else { return LayerReport(layer: scan.node.name, outcome: "left in Float32: nothing was observed of it") }
    let scale = scan.stateScale(x: maps[0], b: maps[1], greatest: greatest)
    rewrite.setAttribute("state_scale", of: scan.node.name, to: .float(Double(scale)))
    return LayerReport(
      layer: scan.node.name, outcome: "all in integers, as \(QuantizedSelectiveScan.name)",
      figures: ["input_scale": Double(maps[0].scale), "largest_state": greatest, "state_scale": Double(scale)])
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
    // Layers that hand bytes on to one another have to be rewritten at once, which those of one form are.
    var result = quantized
    let byWeights = Dictionary(grouping: nodes) { (schemes[$0.name] ?? technique.scheme).recurrentWeights ?? .int8 }
    for (weights, nodes) in byWeights.sorted(by: { $0.value[0].name < $1.value[0].name }) {
      let names = Set(nodes.map(\.name))
      result = try RecurrentQuantization.quantize(result, ranges.filter { names.contains($0.key) }, weights: weights)
    }
    let reports = nodes.map { node -> LayerReport in
      var figures: [String: Double] = [:]
      if let range = ranges[node.name] {
        figures["input_scale"] = Double(range.inputScale)
        figures["largest_cell"] = Double(range.cell)
        figures["largest_state"] = Double(range.state)
      }
      var outcome = "all in integers, as pare.Quantized\(node.operatorName)"
      if case .int4(let size) = (schemes[node.name] ?? technique.scheme).recurrentWeights {
        outcome += " with int4 weights in groups of \(size)"
      }
      return LayerReport(layer: node.name, outcome: outcome, figures: figures)
    }
    return (result, reports)
  }
}

extension ProductLayer {
  /// Where what is observed of the value that it reads is kept: by input, or of a convolution by channel.
  var momentKey: MomentKey { MomentKey(value: input, isChannels: isConvolution) }

  /// Whether each output reads all channels, as dense layers do.
  var isUngrouped: Bool { ((try? node.int("group", default: 1)) ?? 0) == 1 }
}
