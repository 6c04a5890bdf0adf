import CPareKernels
import PareGraph
import PareTensor

/// MatMul of matrices that are both computed, or whose first is constant, one after another.
///
/// Bound: `|ŷ − y| ≤ γ_K · Σ |a| · |b|` over the K terms of a sum, each a fused multiply-add.
struct BatchedProductStep: StepKind {
  private let rows: Int
  private let depth: Int
  private let columns: Int
  private let count: Int
  private let aStep: Int
  private let bStep: Int

  static let operators: [OperatorName] = ["MatMul"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let (a, b) = (graph.shape(node.inputs[0]).dimensions, graph.shape(node.inputs[1]).dimensions)
    guard graph.areFloat32(node.inputs + node.outputs), a.count >= 2, b.count >= 2,
      graph.shape(node.outputs[0]).elementCount > 0, let depth = a.last, depth > 0
    else { return nil }
    let (aOuter, bOuter) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
    let (aCount, bCount) = (aOuter.reduce(1, *), bOuter.reduce(1, *))
    // The same matrices on both sides, or one for all of the other side's.
    guard aCount == 1 || bCount == 1 || Array(aOuter.drop { $0 == 1 }) == Array(bOuter.drop { $0 == 1 }) else { return nil }
    let (rows, columns) = (a[a.count - 2], b[b.count - 1])
    let step = BatchedProductStep(
      rows: rows, depth: depth, columns: columns, count: max(aCount, bCount), aStep: aCount == 1 ? 0 : rows * depth,
      bStep: bCount == 1 ? 0 : depth * columns)
    return PlannedStep(step, nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  var scratchByteCount: Int { (depth * pare_padded(columns) + 16) * 4 }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(inputs: depth, outputs: columns, times: Double(rows * count))
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("products", pare_step_products) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_products_step(
        kernels: site.passes.tables.attention, a: site.inputs[0], b: site.inputs[1], a_row: depth, a_depth: 1,
        a_step: aStep, b_depth: columns, b_column: 1, b_step: bStep, rows: rows, depth: depth, columns: columns,
        count: count, scratch: site.scratch))
  }
}

/// Attention without caches, softcap and outputs beyond Y, whose mask, if any, is constant.
///
/// Bound: as of `AttentionForms` in PareTraining, whose passes these are, and one rounding more of the scores where there
/// is no mask, whose scale is taken in by the keys.
struct AttentionStep: StepKind {
  private let problem: AttentionProblem
  /// Added to the scores: rows of `pare_padded(keys)` numbers, for all heads or for each.
  private let bias: [Float]
  private let biasStep: Int

  static let operators: [OperatorName] = ["Attention"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let operands = Array(node.inputs.prefix(3))
    guard node.outputs.count == 1, node.inputs.count >= 3, graph.areFloat32(operands + node.outputs),
      node.input(4) == nil, node.input(5) == nil, node.input(6) == nil,
      node.input(3).map(graph.isParameter) ?? true
    else { return nil }
    let context = graph.preparation(node)
    let problem = try AttentionProblem(context)
    guard problem.softcap <= 0, !problem.softmaxInFloat64, problem.keys > 0, problem.queries > 0, problem.batch > 0,
      problem.heads > 0
    else { return nil }
    let mask = try AttentionMask(context, problem)
    if let name = node.input(3), let type = graph.types[name]?.elementType, type != .bool, type != .float32 { return nil }
    guard let bias = try bias(mask, problem, node, graph) else { return nil }
    let step = AttentionStep(
      problem: problem, bias: bias, biasStep: mask.isShared ? 0 : problem.queries * pare_padded(problem.keys))
    return PlannedStep(step, nodes: [node], inputs: operands, outputs: node.outputs)
  }

  /// What a constant mask adds; nil where that is too much to keep.
  private static func bias(
    _ mask: AttentionMask, _ problem: AttentionProblem, _ node: Node, _ graph: StepGraph
  ) throws -> [Float]? {
    guard !mask.isEmpty else { return [] }
    let (width, heads) = (pare_padded(problem.keys), mask.isShared ? 1 : problem.batch * problem.heads)
    guard let count = Shape.checkedElementCount([heads, problem.queries, width]), count <= 1 << 22 else { return nil }
    var bias = [Float](repeating: 0, count: count)
    let tensor = node.input(3).flatMap(graph.constant) ?? Tensor(scalar: Float(0))
    tensor.withUnsafeBytes { bytes in
      let inputs = [nil, nil, nil, bytes.baseAddress, nil, nil, nil]
      inputs.withUnsafeBufferPointer { inputs in
        var nowhere = UnsafeMutableRawPointer(bitPattern: 1).map { [$0] } ?? []
        nowhere.withUnsafeMutableBufferPointer { outputs in
          guard let from = inputs.baseAddress, let to = outputs.baseAddress else { return }
          let buffers = EvaluationBuffers(inputs: from, outputs: UnsafePointer(to), step: 0)
          bias.withUnsafeMutableBufferPointer { bias in
            guard let bias = bias.baseAddress else { return }
            for head in 0..<heads {
              for query in 0..<problem.queries {
                mask.fill(
                  bias + (head * problem.queries + query) * width, buffers, batch: head / problem.heads,
                  head: head % problem.heads, query: query)
              }
            }
          }
        }
      }
    }
    return bias
  }

  var scratchByteCount: Int {
    pare_attention_step_scratch(problem.queries, problem.keys, problem.size, problem.valueSize) * 4
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: problem.size, outputs: problem.keys, times: Double(problem.queries * problem.heads * problem.batch))
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("attention", pare_step_attention) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    func layout(_ layout: HeadLayout) -> pare_head_layout {
      pare_head_layout(batch: layout.offset(1, 0), head: layout.offset(0, 1), row: layout.row)
    }
    return site.pool.place(
      pare_attention_step(
        kernels: site.passes.tables.attention,
        softmax: site.kernels.kernel(pare_operation_softmax_rows_f32).run, q: site.inputs[0], k: site.inputs[1], v: site.inputs[2],
        q_layout: layout(problem.query), k_layout: layout(problem.key), v_layout: layout(problem.value),
        y_layout: layout(problem.result), batch: problem.batch, heads: problem.heads, group: problem.group,
        queries: problem.queries, keys: problem.keys, size: problem.size, value_size: problem.valueSize,
        scale: Float(problem.scale), bias: bias.isEmpty ? nil : site.pool.place(bias, paddedTo: bias.count, with: 0),
        bias_step: biasStep, scratch: site.scratch))
  }
}
