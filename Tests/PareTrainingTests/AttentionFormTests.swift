import PareGraph
import PareTensor
import PareTraining
import Testing

/// The fast forms of attention, layer normalization, stacked products and reductions against the reference in Float64 on
/// the same Float32 operands.
struct AttentionFormTests {
  private static let u = 0x1p-24
  private static func gamma(_ n: Int) -> Double { Double(n) * u / (1 - Double(n) * u) }

  private func draw(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.uniform() * 2 - 1) }, shape: shape)
  }

  /// Runs one node fast and by the reference; an operand without a value is left out, integers and bools are constants.
  ///
  /// - Parameter bound: of each output, on every element.
  private func check(
    _ name: OperatorName, _ operands: [Tensor?], _ attributes: [String: Attribute] = [:], outputs: Int = 1,
    bounds: [Double], isFast: Bool = true
  ) throws {
    var builder = GraphBuilder(name: "node")
    var inputs: [String: Tensor] = [:]
    for (index, tensor) in operands.enumerated() {
      guard let tensor else { continue }
      if tensor.elementType == .float32 {
        inputs[try builder.input("x\(index)", ValueType(tensor))] = tensor
      } else {
        _ = try builder.parameter("x\(index)", tensor, isTrainable: false)
      }
    }
    let names = (0..<outputs).map { "y\($0)" }
    try builder.append(
      Node(name, name: "node", inputs: operands.indices.map { operands[$0] == nil ? "" : "x\($0)" }, outputs: names, attributes: attributes))
    for name in names { try builder.output(name) }
    let executor = try BatchExecutor(builder.graph)
    #expect(executor.referenceNodes.isEmpty == isFast)
    let found = try executor.run(inputs)
    let expected = try ReferenceEvaluator(builder.graph, precision: .float64).run(inputs)
    for (name, bound) in zip(names, bounds) {
      let (a, b) = (try #require(found[name]), try #require(expected[name]))
      #expect(a.shape == b.shape)
      let error = zip(a.doubles, b.doubles).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= bound, "\(name): error \(error), bound \(bound)")
    }
  }

  struct Layout: Sendable {
    var batch = 2, heads = 2, keyHeads = 2, queries = 5, keys = 7, size = 3, valueSize = 4
    var merged = false
    var attributes: [String: Attribute] = [:]
    var mask: Tensor?
    var lengths: Tensor?
  }

  static let layouts: [Layout] = [
    Layout(),
    Layout(queries: 50, keys: 50, size: 16, valueSize: 16, merged: true),
    Layout(heads: 4, keyHeads: 2, queries: 9, keys: 18, size: 20, valueSize: 17, merged: true, attributes: ["is_causal": .int(1)]),
    Layout(heads: 3, keyHeads: 1, attributes: ["scale": .float(0.3)]),
    Layout(mask: Tensor((0..<35).map { $0 % 3 != 0 && $0 >= 7 }, shape: [5, 7])),
    Layout(mask: Tensor((0..<70).map { $0 % 5 != 0 }, shape: [2, 1, 5, 7])),
    Layout(attributes: ["left_window_size": .int(1)], lengths: Tensor([3, 7] as [Int64])),
  ]

  @Test(arguments: layouts)
  func attentionAndItsGradientStayWithinTheirBounds(_ layout: Layout) throws {
    func shape(_ heads: Int, _ rows: Int, _ size: Int) -> Shape {
      layout.merged ? [layout.batch, rows, heads * size] : [layout.batch, heads, rows, size]
    }
    let q = draw(shape(layout.heads, layout.queries, layout.size), seed: 1)
    let k = draw(shape(layout.keyHeads, layout.keys, layout.size), seed: 2)
    let v = draw(shape(layout.keyHeads, layout.keys, layout.valueSize), seed: 3)
    let dy = draw(shape(layout.heads, layout.queries, layout.valueSize), seed: 4)
    var attributes = layout.attributes
    if layout.merged {
      attributes["q_num_heads"] = .int(layout.heads)
      attributes["kv_num_heads"] = .int(layout.keyHeads)
    }
    // Operands are at most 1. A score errs by γ of D + 2 on scale · D, its distance from the row's largest, at most twice
    // that, by one rounding more; the exponential by 4 units, the sum and the quotient by T + 2.
    let scale = attributes["scale"].map { if case .float(let value) = $0 { value } else { 1 } } ?? 1 / Double(layout.size).squareRoot()
    let greatest = scale * Double(layout.size)
    let weights = 2 * (Self.gamma(layout.size + 2) * greatest + 2 * Self.u * greatest + 4 * Self.u) + Self.gamma(layout.keys + 2)
    try check("Attention", [q, k, v, layout.mask, nil, nil, layout.lengths], attributes, bounds: [weights + Self.gamma(layout.keys + 1)])

    // dP is at most E, its distance from the mean 2E; a row's slopes then sum to at most 2E, and err with the weights,
    // the mean and dP itself. Keys and values collect from S queries of each head of the group.
    let e = Double(layout.valueSize)
    let slopes = 2 * e * (2 * weights + Self.gamma(layout.keys + layout.valueSize + 4))
    let collected = Double(layout.queries * layout.heads / layout.keyHeads)
    let sums = Self.gamma(layout.queries * layout.heads / layout.keyHeads + 2)
    try check(
      "pare.AttentionGradient", [dy, nil, nil, nil, q, k, v, layout.mask, nil, nil, layout.lengths], attributes, outputs: 3,
      bounds: [
        scale * (slopes + 2 * e * Self.gamma(layout.keys + 2)), collected * scale * (slopes + 2 * e * sums),
        collected * (weights + sums),
      ])
  }

  @Test func whatTheKernelsDoNotTakeIsLeftToTheReference() throws {
    let (q, k, v) = (draw([1, 1, 3, 4], seed: 1), draw([1, 1, 5, 4], seed: 2), draw([1, 1, 5, 2], seed: 3))
    // The reference in Float32, within the bound above, with a cap that does not enlarge it.
    let bound = 200 * Self.u
    try check("Attention", [q, k, v], ["softcap": .float(2)], bounds: [bound], isFast: false)
    try check("Attention", [q, k, v], ["softmax_precision": .int(11)], bounds: [bound], isFast: false)
    try check("Attention", [q, k, v, nil, draw([1, 1, 2, 4], seed: 4), draw([1, 1, 2, 2], seed: 5)], bounds: [bound], isFast: false)
    try check("LayerNormalization", [draw([4, 4], seed: 1), draw([4, 1], seed: 2)], bounds: [100 * Self.u], isFast: false)
  }

  @Test(arguments: [(3, 5), (4, 64), (7, 100)])
  func normalizationOfRowsStaysWithinItsBound(rows: Int, columns: Int) throws {
    let (x, dy) = (draw([2, rows, columns], seed: 1), draw([2, rows, columns], seed: 2))
    let (scale, bias) = (draw([columns], seed: 3), draw([1, columns], seed: 4))
    // Rows of numbers up to 1 around their mean, with a deviation of at least 1/4 for these draws: normalized at most 8,
    // each carrying n + 4 roundings twice.
    let normalized = 8 * 2 * Self.gamma(columns + 4)
    try check("LayerNormalization", [x, scale, bias], bounds: [normalized + Self.gamma(3) * 9])
    try check("RMSNormalization", [x, scale], bounds: [normalized + Self.gamma(3) * 9])
    // r ≤ 4; G ≤ 1; u · mean(G · u) ≤ 8, as |mean(G · u)| ≤ 1.
    let dx = 4 * (2 * normalized + 10 * Self.gamma(2 * columns + 12))
    let (sums, count) = (Self.gamma(2 * rows), Double(2 * rows))
    try check(
      "pare.LayerNormalizationGradient", [dy, x, scale, bias], outputs: 3, bounds: [dx, count * (normalized + 8 * sums), count * sums])
    try check("pare.RMSNormalizationGradient", [dy, x, scale], outputs: 2, bounds: [dx, count * (normalized + 8 * sums)])
  }

  @Test func stackedProductsStayWithinTheirBoundUnderEveryBroadcast() throws {
    let shapes: [(Shape, Shape, Int)] = [
      ([3, 50, 16], [3, 16, 50], 16), ([2, 3, 5, 7], [2, 3, 7, 4], 7), ([2, 1, 5, 7], [3, 7, 4], 7), ([1, 3, 5, 7], [2, 1, 7, 20], 7),
      ([7], [3, 7, 4], 7), ([3, 4, 7], [7], 7), ([7], [7], 7), ([3, 5, 7], [7, 4], 7), ([5, 7], [3, 7, 4], 7), ([2, 300, 200], [2, 200, 100], 200),
    ]
    for (a, b, depth) in shapes {
      try check("MatMul", [draw(a, seed: 1), draw(b, seed: 2)], bounds: [Self.gamma(depth) * Double(depth)])
    }
  }

  @Test func reductionsOverAnyNeighbouringAxesStayWithinTheirBound() throws {
    let x = draw([3, 4, 5, 6], seed: 1)
    for axes in [[0], [1], [1, 2], [2, 3], [3], [0, 1, 2, 3]] as [[Int64]] {
      let count = axes.reduce(1) { $0 * x.shape[Int($1)] }
      try check("ReduceSum", [x, Tensor(axes)], bounds: [Self.gamma(count) * Double(count)])
      try check("ReduceMean", [x, Tensor(axes)], ["keepdims": .int(0)], bounds: [Self.gamma(count + 1)])
    }
    try check("ReduceSum", [x, Tensor([0, 2] as [Int64])], bounds: [Self.gamma(15) * 15], isFast: false)
  }
}
