import PareGraph
import PareTensor

/// The rows of a convolution along one axis that the newest rows of its input reach: a dense layer of those, and a
/// convolution of the older rows.
struct NewestWindow {
  let window: TimeWindow
  let geometry: WindowGeometry
  /// Rows of the output, and the first row of the input that depends on the newest.
  let rows: Range<Int>
  let fresh: Range<Int>
  let filters: Int
  let channels: Int
  let groups: Int
  private let channelsPerGroup: Int
  private let taps: Int

  init?(_ rules: RowRules, _ node: Node, weights: Shape) throws {
    guard let (window, geometry) = try rules.timeWindow(node), geometry.axes.count == 1, weights.rank == 3,
      let x = rules.dependence[node.inputs[0]], let axis = x.axis, x.fresh > 0, !x.isOlder, rules.extents(node.inputs[0])[0] == 1
    else { return nil }
    (self.window, self.geometry) = (window, geometry)
    let y = window.dependence(x, axis: axis, count: rules.extents(node.outputs[0])[axis])
    (rows, fresh) = (y.fresh..<y.count, x.fresh..<x.count)
    (filters, channelsPerGroup, taps) = (weights[0], weights[1], weights[2])
    channels = rules.extents(node.inputs[0])[1]
    groups = try node.int("group", default: 1)
    guard !rows.isEmpty, rows.count <= 8, fresh.count <= 8, outputs * inputs <= RowRules.mostWeights else { return nil }
  }

  var outputs: Int { filters * rows.count }
  var inputs: Int { channels * fresh.count }

  /// Calls `body(row, tap, step)` for each tap over a step of the input, rows counted from the first.
  private func forEachTap(_ body: (Int, Int, Int) -> Void) {
    for (place, row) in rows.enumerated() {
      for tap in 0..<taps {
        let step = row * window.stride - window.padBegin + tap * geometry.axes[0].dilation
        if (0..<window.rowCount).contains(step) { body(place, tap, step) }
      }
    }
  }

  /// Whether a window over the newest rows holds older ones.
  var seesOlder: Bool {
    var sees = false
    forEachTap { _, _, step in if step < fresh.lowerBound { sees = true } }
    return sees
  }

  /// The older rows that they hold, and the pads that stand for all else.
  var older: Range<Int> { max(0, window.span(rows).lowerBound)..<fresh.lowerBound }
  var olderPads: (begin: Int, end: Int) {
    let span = window.span(rows)
    return (max(0, -span.lowerBound), max(0, span.upperBound - fresh.lowerBound))
  }

  /// The weights of the dense layer, `[filters · rows, channels · fresh]`, zero where no tap meets.
  func dense<Element: TensorElement & Numeric>(_ given: [Element]) -> Tensor {
    var wide = [Element](repeating: 0, count: outputs * inputs)
    forEachTap { row, tap, step in
      guard fresh.contains(step) else { return }
      for filter in 0..<filters {
        let first = filter / (filters / groups) * channelsPerGroup
        for channel in 0..<channelsPerGroup {
          wide[((filter * rows.count + row) * channels + first + channel) * fresh.count + step - fresh.lowerBound] =
            given[(filter * channelsPerGroup + channel) * taps + tap]
        }
      }
    }
    return Tensor(wide, shape: [outputs, inputs])
  }

  /// The taps over some steps of the input, for one row of the output: the first step, how many, and the weights that
  /// meet them, `[filters, channels · taps]`. Without groups.
  func taps<Element: TensorElement>(
    _ row: Int, over steps: Range<Int>, _ given: [Element]
  ) -> (first: Int, count: Int, weights: Tensor) {
    let (start, dilation) = (row * window.stride - window.padBegin, geometry.axes[0].dilation)
    let met = (0..<taps).filter { steps.contains(start + $0 * dilation) }
    let weights = (0..<filters * channels).flatMap { place in met.map { given[place * taps + $0] } }
    return (start + (met.first ?? 0) * dilation, met.count, Tensor(weights, shape: [filters, channels * met.count]))
  }

  /// A number per filter as one per output of the dense layer.
  func repeated<Element: TensorElement>(_ values: [Element]) -> Tensor {
    Tensor(values.flatMap { [Element](repeating: $0, count: rows.count) })
  }
}

extension PieceGraph {
  /// One row of a convolution without groups as a dense layer of the steps under its taps.
  ///
  /// - Parameters:
  ///   - x: those steps of the input.
  ///   - name: of what it yields.
  ///   - product: the layer of what it is given, with these weights.
  fileprivate mutating func row<Element: TensorElement>(
    _ row: Int, of window: NewestWindow, _ x: String, _ steps: Range<Int>, _ weights: [Element], named name: String,
    _ product: (inout PieceGraph, _ flat: String, _ weights: String) throws -> String
  ) throws -> String {
    let (first, count, met) = window.taps(row, over: steps, weights)
    let (start, dilation) = (first - steps.lowerBound, window.geometry.axes[0].dilation)
    var under = x
    if count < steps.count {
      under = try slice(x, start..<start + (count - 1) * dilation + 1, axis: 2, step: dilation, named: "\(name).taps")
    }
    let flat = try reshape(under, [1, window.channels * count], named: "\(name).flat")
    return try reshape(product(&self, flat, constant(met)), [1, window.filters, 1], named: name)
  }

  /// A dense layer in Float32.
  fileprivate mutating func gemm(_ x: String, _ weights: String, _ bias: String, named name: String) throws -> String {
    try apply("Gemm", [x, weights, bias], ["transB": .int(1)], named: "\(name).sum")
  }
}

extension RowRules {
  func convolutionRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard isFloat32(node.inputs[0]), let weight = tensor(node.inputs[1]), weight.elementType == .float32,
      let window = try NewestWindow(self, node, weights: weight.shape), var rule = try windowRule(node)
    else { return nil }
    let (value, older, seesOlder) = (node.outputs[0], older(node.outputs[0]), window.seesOlder)
    let bias: [Float] = tensor(node.input(2))?.values() ?? [Float](repeating: 0, count: window.filters)
    let given: [Float] = weight.values()
    let (weights, biases) = (window.dense(given), window.repeated(bias))
    if window.groups == 1 {
      // A row by itself is cheaper as a product of its own.
      let (emit, perFilter) = (rule.form.emit, Tensor(bias))
      rule.form.emit = { rows, names, pieces in
        guard rows.count == 1 else { return try emit(rows, names, &pieces) }
        let name = pieces.name(value, rows)
        return try pieces.row(rows.lowerBound, of: window, names[0], window.window.inside(rows), given, named: name) {
          try $0.gemm($1, $2, $0.constant(perFilter), named: name)
        }
      }
    }
    rule.newest = RowRule.Form(
      inputs: [node.inputs[0]] + (seesOlder ? [older] : []), needed: { $1 == 0 ? window.fresh : 0..<1 },
      emit: { rows, names, pieces in
        let name = pieces.name(value, rows)
        let flat = try pieces.reshape(names[0], [1, window.inputs], named: "\(name).newest")
        let seed = seesOlder
          ? try pieces.reshape(names[1], [1, window.outputs], named: "\(name).seed") : try pieces.constant(biases)
        let sum = try pieces.gemm(flat, pieces.constant(weights), seed, named: name)
        return try pieces.reshape(sum, [1, window.filters, window.rows.count], named: name)
      })
    guard seesOlder else { return [(value, rule)] }
    let partial = RowRule(
      dependence: .whole(isFresh: false), type: TensorType(.float32, [1, window.filters, window.rows.count]),
      form: .init(
        inputs: [node.inputs[0]], needed: { _, _ in window.older },
        emit: { _, names, pieces in
          if window.groups == 1, window.rows.count == 1 {
            return try pieces.row(window.rows.lowerBound, of: window, names[0], window.older, given, named: older) {
              try $0.gemm($1, $2, $0.constant(Tensor(bias)), named: older)
            }
          }
          var copy = node
          (copy.name, copy.outputs) = ("\(node.name).older", [older])
          copy.inputs = try [names[0]] + node.inputs.dropFirst().map { try $0.isEmpty ? "" : pieces.constant($0) }
          copy.setPads(window.geometry, 0, window.olderPads)
          try pieces.append(copy)
          return older
        }))
    return [(older, partial), (value, rule)]
  }

  func quantizedConvolutionRules(_ node: Node) throws -> [(String, RowRule)]? {
    guard let weight = tensor(node.inputs[2]), let window = try NewestWindow(self, node, weights: weight.shape),
      var rule = try windowRule(node), let bias = tensor(node.inputs[3])?.values(as: Int32.self)
    else { return nil }
    let (value, older, seesOlder) = (node.outputs[0], older(node.outputs[0]), window.seesOlder)
    let given: [Int8] = weight.values()
    let (weights, biases) = (window.dense(given), window.repeated(bias))
    // Multipliers and shifts, or scales: a number per filter. The output's zero point is one.
    let endings = node.inputs[4...].compactMap(tensor).map { tensor -> Tensor in
      switch (tensor.shape.rank, tensor.elementType) {
      case (1, .int32): window.repeated(tensor.values(as: Int32.self))
      case (1, .float32): window.repeated(tensor.values(as: Float.self))
      default: tensor
      }
    }
    guard endings.count == node.inputs.count - 4 else { return nil }
    let relu = try node.int("relu", default: 0)
    if window.groups == 1 {
      let emit = rule.form.emit
      rule.form.emit = { rows, names, pieces in
        guard rows.count == 1 else { return try emit(rows, names, &pieces) }
        let name = pieces.name(value, rows)
        return try pieces.row(rows.lowerBound, of: window, names[0], window.window.inside(rows), given, named: name) { pieces, flat, met in
          let operands = try [flat, pieces.constant(node.inputs[1]), met] + node.inputs[3...].map { try pieces.constant($0) }
          return try pieces.apply(QuantizedDense.name, operands, ["relu": .int(relu)], named: "\(name).sum")
        }
      }
    }
    rule.newest = RowRule.Form(
      inputs: [node.inputs[0]] + (seesOlder ? [older] : []), needed: { $1 == 0 ? window.fresh : 0..<1 },
      emit: { rows, names, pieces in
        let name = pieces.name(value, rows)
        let flat = try pieces.reshape(names[0], [1, window.inputs], named: "\(name).newest")
        let operands = try [flat, pieces.constant(node.inputs[1]), pieces.constant(weights)]
          + [seesOlder ? names[1] : pieces.constant(biases)] + endings.map { try pieces.constant($0) }
        let sum = try pieces.apply(QuantizedDense.name, operands, ["relu": .int(relu)], named: "\(name).sum")
        return try pieces.reshape(sum, [1, window.filters, window.rows.count], named: name)
      })
    guard seesOlder else { return [(value, rule)] }
    let perFilter = Tensor(bias, shape: [window.filters, 1])
    let partial = RowRule(
      dependence: .whole(isFresh: false), type: TensorType(.int32, [window.outputs]),
      form: .init(
        inputs: [node.inputs[0]], needed: { _, _ in window.older },
        emit: { _, names, pieces in
          var copy = node
          copy.operatorName = "ConvInteger"
          (copy.name, copy.outputs) = ("\(node.name).older", ["\(older).sum"])
          copy.inputs = try [names[0], pieces.constant(node.inputs[2]), pieces.constant(node.inputs[1])]
          copy.attributes["relu"] = nil
          copy.setPads(window.geometry, 0, window.olderPads)
          try pieces.append(copy)
          let sum = try pieces.apply("Add", [copy.outputs[0], pieces.constant(perFilter)], named: "\(older).bias")
          return try pieces.reshape(sum, [window.outputs], named: older)
        }))
    return [(older, partial), (value, rule)]
  }
}
