import PareGraph
import PareTensor
import PareTraining

/// What a run does with layers whose inputs and weights are signs.
extension QuantizationRun {
  /// Fits the layers that become `pare.BinaryDense`, by name, in one pass over the rows.
  func fitBinaryLayers() throws -> [String: BinaryFit] {
    var fits: [String: BinaryFit] = [:]
    for form in forms {
      guard case .product(let layer) = form.kind, form.scheme.precision == .binary, form.scheme.mode == .static else { continue }
      fits[layer.name] = BinaryFit(
        layer, layer.matrix(try graph.weights(of: layer)), input: moments(of: layer),
        minimum: observations.records[layer.input]?.whole.histogram.minimum ?? -1)
    }
    guard !fits.isEmpty else { return fits }
    let values = fits.values.flatMap { [$0.layer.input, $0.layer.output] }
    try RowEvaluation.forEachChunk(of: context.trainingRows(for: Quantization.name), through: graph, values: values) { chunk, _ in
      for name in fits.keys.sorted() {
        guard let layer = fits[name]?.layer, let x = chunk[layer.input], let y = chunk[layer.output] else { continue }
        try fits[name]?.add(x, y)
      }
    }
    return fits
  }

  mutating func replace(by fit: BinaryFit) throws -> LayerReport {
    let layer = fit.layer
    let (scales, bias) = fit.lines
    var inputs = [layer.input]
    var before: [Node] = []
    if let offsets = fit.offsets {
      let centred = rewrite.names.fresh("\(layer.input).centred")
      before = [
        Node(
          "Sub", name: centred, inputs: [layer.input, rewrite.constant(Tensor(offsets), "\(layer.input).mean")],
          outputs: [centred])
      ]
      inputs = [centred]
    }
    let signs = Tensor(fit.signs.signs, shape: [layer.outputCount, layer.inputCount])
    let storage = ParameterStorage(signsOf: signs) ?? ParameterStorage(signs)
    let scale = rewrite.constant(Tensor(scales), "\(layer.weight).scale")
    let shift = rewrite.constant(Tensor(bias), "\(layer.name).binary_bias")
    rewrite.replaceWeight(layer.weight, of: [layer.name], by: storage)
    let weight = rewrite.graph.nodes.first { $0.name == layer.name }?.input(1) ?? layer.weight
    inputs += [weight, scale, shift]
    rewrite.replace(
      layer.name, by: Node(BinaryDense.name, name: layer.name, inputs: inputs, outputs: layer.node.outputs), after: before)
    if let old = layer.bias { rewrite.removeUnused([old]) }
    return LayerReport(
      layer: layer.name, outcome: "signs of inputs\(fit.offsets == nil ? "" : " about their means") by signs of weights",
      figures: ["bytes": Double(storage.byteCount)])
  }
}
