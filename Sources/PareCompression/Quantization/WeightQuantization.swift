import PareGraph
import PareTensor
import PareTraining

/// What a run does with weights.
extension QuantizationRun {
  // MARK: products

  /// Quantizes the weight of a layer in all layers that share it.
  mutating func quantizeWeight(of layer: ProductLayer, _ scheme: QuantizationScheme) throws -> LayerReport {
    let sharing = forms.compactMap { form -> ProductLayer? in
      guard case .product(let other) = form.kind, other.weight == layer.weight else { return nil }
      return other
    }
    if let other = sharing.first(where: { $0.outputAxis != layer.outputAxis }) {
      throw CompressionError(
        "shared-weight", subject: "weight '\(layer.weight)'", expected: "one orientation in all layers that share it",
        found: "another in '\(other.name)' than in '\(layer.name)'")
    }
    let matrix = layer.matrix(try graph.weights(of: layer))
    guard let bits = scheme.precision.integerBits else {
      let importance = moments(of: layer).flatMap { Self.importance(of: matrix, $0.meanSquares) }
      let stored = StoredWeights(matrix, scheme, importance: importance)
      replace(
        layer.weight, of: sharing.map(\.name), by: stored, shape: layer.shape,
        order: layer.outputAxis == 0 ? .byOutput : .byInput)
      var report = stored.report(layer: layer.name, of: matrix)
      try correctBiases(of: sharing, stored.decoded, matrix, &report)
      return report
    }
    let grid = WeightGrid(
      matrix, scheme.weights, bits: bits, smallestScales: smallestScales(for: sharing, scheme))
    var report = LayerReport(layer: layer.name, outcome: "")
    let quantized = try round(matrix, on: grid, of: sharing, scheme, &report)
    let storage = rewrite.replaceWeight(of: sharing, by: quantized)
    report.outcome = "weights \(storage.words)" + report.outcome
    report.weightError = ErrorMeasure(of: quantized.decoded, against: matrix.values.map { Double($0) })
    report.figures["weight_error_in_half_steps"] = quantized.largestErrorInHalfSteps(of: matrix)
    report.figures["bytes"] = Double(storage.byteCount)
    if scheme.weights.granularity.groupSize != nil {
      report.figures["groups_below_15_db"] = quantized.shareOfGroups(belowDecibels: 15, of: matrix)
    }
    try correctBiases(of: sharing, quantized.decoded, matrix, &report)
    return report
  }

  /// The integers of a matrix, as the scheme rounds.
  private func round(
    _ matrix: WeightMatrix, on grid: WeightGrid, of layers: [ProductLayer], _ scheme: QuantizationScheme,
    _ report: inout LayerReport
  ) throws -> IntegerWeights {
    switch scheme.rounding {
    case .halfToEven: return IntegerWeights(nearest: matrix, on: grid)
    case .halfAwayFromZero: return IntegerWeights(halfAwayFromZero: matrix, on: grid)
    case .stochastic:
      var generator = SeededGenerator(seed: context.seed, stream: "\(Quantization.name)/\(layers[0].weight)")
      return IntegerWeights(stochastic: matrix, on: grid, &generator)
    case .gptq, .adaptive: break
    }
    let nearest = IntegerWeights(nearest: matrix, on: grid)
    guard let error = OutputError(layers.map { moments(of: $0) }, inputCount: matrix.columns, rows: matrix.rows) else {
      report.outcome = ", rounded to the nearest: its filters read too many inputs to know them"
      return nearest
    }
    let rounded: IntegerWeights
    switch scheme.rounding {
    case .gptq(let damping):
      rounded = try OptimalBrainQuantizer.round(matrix, on: grid, error: error, damping: damping)
    case .adaptive(let iterations):
      rounded = try AdaptiveRounding.round(matrix, on: grid, error: error, iterations: iterations)
    default: return nearest
    }
    func cost(_ weights: IntegerWeights) throws -> Double {
      try error.perOutput(zip(weights.decoded, matrix.values).map { $0 - Double($1) }, rows: matrix.rows).reduce(0, +)
    }
    let before = try cost(nearest)
    report.figures["output_error_of_nearest"] = before
    report.figures["output_error"] = try cost(rounded)
    return rounded
  }

  /// The scales below which a bias, counted in steps of the accumulator, would leave Int32: `S_w ≥ |b| / (S_x · 2³⁰)`.
  private func smallestScales(for layers: [ProductLayer], _ scheme: QuantizationScheme) -> [Double]? {
    guard scheme.mode == .static else { return nil }
    var scales = [Double](repeating: 0, count: layers.first?.outputCount ?? 0)
    for layer in layers {
      guard let bias = (layer.bias ?? graph.addedRow(behind: layer)).flatMap({ graph.parameters[$0] })?.storage.decoded().doubles,
        let map = inputMap(of: layer, scheme)
      else { continue }
      for channel in scales.indices {
        guard let b = bias.count == 1 ? bias.first : (bias.indices.contains(channel) ? bias[channel] : nil) else { continue }
        scales[channel] = max(scales[channel], b.magnitude / (Double(map.scale) * 0x1p30))
      }
    }
    return scales
  }

  // MARK: biases

  private mutating func correctBiases(
    of layers: [ProductLayer], _ decoded: [Double], _ matrix: WeightMatrix, _ report: inout LayerReport
  ) throws {
    guard technique.correctsBias else { return }
    for layer in layers {
      guard let moments = moments(of: layer), layer.takesBias(in: rewrite),
        let shifts = BiasCorrection.shifts(decoded, of: matrix, moments: moments), let bias = bias(of: layer)
      else {
        report.outcome += ", bias left as it is: it is no constant row, or its inputs were not observed"
        continue
      }
      rewrite.replaceBias(of: layer, by: zip(bias, shifts).map { Float($0 + $1) })
      report.figures["largest_bias_shift"] = shifts.reduce(0) { max($0, $1.magnitude) }
    }
  }

  /// The bias of each output; zeros where there is none, nil where it is computed.
  private func bias(of layer: ProductLayer) -> [Double]? {
    guard let name = layer.bias else { return [Double](repeating: 0, count: layer.outputCount) }
    guard let bias = graph.parameters[name]?.storage.decoded().doubles else { return nil }
    return bias.count == layer.outputCount ? bias : bias.count == 1 ? [Double](repeating: bias[0], count: layer.outputCount) : nil
  }

  // MARK: other numbers than integers

  /// Stores a weight of a recurrent layer, or of a transposed convolution, in other numbers.
  mutating func store(_ tensor: WeightTensor, _ scheme: QuantizationScheme) throws -> LayerReport {
    let inputs = tensor.shape[tensor.shape.rank - 1]
    let matrix = WeightMatrix(
      try graph.weights(of: tensor), rows: tensor.shape.elementCount / inputs, columns: inputs)
    if let bits = scheme.precision.integerBits {
      let grid = WeightGrid(matrix, scheme.weights, bits: bits)
      let quantized = IntegerWeights(nearest: matrix, on: grid)
      let storage = rewrite.replaceWeight(of: tensor, by: quantized)
      return LayerReport(
        layer: tensor.label, outcome: "weights \(storage.words)",
        weightError: ErrorMeasure(of: quantized.decoded, against: matrix.values.map { Double($0) }),
        figures: [
          "weight_error_in_half_steps": quantized.largestErrorInHalfSteps(of: matrix), "bytes": Double(storage.byteCount),
        ])
    }
    let isOfInput = tensor.weight == tensor.node.input(1)
    let importance = isOfInput
      ? observations.moments[MomentKey(value: tensor.node.inputs[0])].flatMap {
        Self.importance(of: matrix, $0.meanSquares)
      } : nil
    let stored = StoredWeights(matrix, scheme, importance: importance)
    replace(tensor.weight, of: [tensor.name], by: stored, shape: tensor.shape, order: .byDirection)
    return stored.report(layer: tensor.label, of: matrix)
  }

  private mutating func replace(
    _ weight: String, of users: [String], by stored: StoredWeights, shape: Shape, order: IntegerOrder
  ) {
    rewrite.replaceWeight(weight, of: users, by: stored.storage(shape: shape, order: order)) { rewrite, name in
      stored.nodes(reading: name, weight: weight, shape: shape, order: order, in: &rewrite)
    }
  }

  /// What the error of each weight counts: the mean square of its input.
  private static func importance(of matrix: WeightMatrix, _ meanSquares: [Double]) -> [Double]? {
    guard meanSquares.count == matrix.columns else { return nil }
    return matrix.values.indices.map { meanSquares[$0 % matrix.columns] }
  }
}

extension Graph {
  /// The constant row that an Add behind a product adds: its bias, once it is lowered.
  fileprivate func addedRow(behind layer: ProductLayer) -> String? {
    guard let add = consumers(of: layer.output).first, add.operatorName == "Add" else { return nil }
    return add.inputs.first { parameters[$0]?.storage.shape.rank == 1 }
  }
}

extension ProductLayer {
  /// Whether its node has room for a bias of its own: a Gemm without other factors, a Conv, a MatMul that becomes a Gemm.
  fileprivate func takesBias(in rewrite: QuantizationRewrite) -> Bool {
    switch node.operatorName {
    case "Conv": true
    case "Gemm": ((try? node.float("alpha", default: 1)) ?? 0) == 1 && ((try? node.float("beta", default: 1)) ?? 0) == 1
    default: rewrite.graph.nodes.contains { $0.name == name && $0.operatorName == "Gemm" }
    }
  }
}
