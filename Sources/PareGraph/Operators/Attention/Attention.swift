import PareTensor

/// Scaled dot-product attention: `Y = softmax(scale · Q · Kᵀ + bias) · V` in each head, with fewer key heads than query
/// heads if asked (grouped heads), and a cache of earlier keys and values before those that come in.
///
/// The bias forbids keys by −∞: where a boolean `attn_mask` says false, behind the end of a shorter mask, beyond the
/// causal frontier or the window, and behind `nonpad_kv_seqlen`. A query that sees no key yields zeros. `softcap` bounds
/// the scores by `c · tanh(score / c)` before the bias.
///
/// - Shapes: `Q [B, H, S, D]`, `K [B, G, T, D]`, `V [B, G, T, E]` → `Y [B, H, S, E]`, G dividing H; or with the heads side
///   by side: `Q [B, S, H·D]`, `K [B, T, G·D]`, `V [B, T, G·E]` → `Y [B, S, H·E]`. `past_key [B, G, P, D]`,
///   `past_value [B, G, P, E]`; `present_key [B, G, P+T, D]`, `present_value [B, G, P+T, E]`, scores `[B, H, S, P+T]`.
/// - The softmax is computed in Float64 if `softmax_precision` asks for it; half precision is computed in Float32,
///   whatever it asks for.
/// - Source: ONNX Attention, opset 25; Vaswani et al. 2017, arXiv:1706.03762; Ainslie et al. 2023, arXiv:2305.13245.
public enum Attention: FloatingPointOperator {
  public static let name: OperatorName = "Attention"
  public static let inputCount = 3...7
  public static let outputCount = 1...4
  public static let attributeNames = [
    "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode", "right_window_size", "scale",
    "softcap", "softmax_precision",
  ]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let types = try AttentionTypes(context)
    return Array([types.result, types.presentKey, types.presentValue, types.scores].prefix(max(context.node.outputs.count, 1)))
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try AttentionProblem(context)
    let core = try AttentionCore<Scalar>(context, problem)
    let outputs = context.outputs.count
    return { buffers in
      if outputs > 1 { core.joinPresent(past: 4, incoming: 1, of: problem.presentKey, size: problem.size, output: 1, buffers) }
      if outputs > 2 { core.joinPresent(past: 5, incoming: 2, of: problem.presentValue, size: problem.valueSize, output: 2, buffers) }
      let y = buffers.output(as: Scalar.self)
      for batch in 0..<problem.batch {
        for head in 0..<problem.heads {
          for query in 0..<problem.queries {
            core.weigh(buffers, batch: batch, head: head, query: query)
            if outputs > 3 {
              let row = (batch * problem.heads + head) * problem.queries + query
              (buffers.output(3, as: Scalar.self) + row * problem.keys).update(from: core.yielded, count: problem.keys)
            }
            let result = y + problem.result.offset(batch, head, query)
            for column in 0..<problem.valueSize { result[column] = 0 }
            for key in 0..<problem.keys {
              let value = core.value(buffers, batch: batch, head: head, key: key)
              for column in 0..<problem.valueSize { result[column] += core.weights[key] * value[column] }
            }
          }
        }
      }
    }
  }

  /// By all of queries, keys, values, caches and a floating-point mask, from all outputs: `pare.AttentionGradient`.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard context.outputGradients.contains(where: { $0 != nil }) else { return context.noGradients }
    let node = context.node
    let operands = node.inputs + [String](repeating: "", count: max(0, 7 - node.inputs.count))
    let given = context.outputGradients.map { $0 ?? "" }
    let gradients = given + [String](repeating: "", count: 4 - given.count)
    let hasPast = node.input(4) != nil
    let mask = try node.input(3).map { try context.type(of: $0) }
    let takesMask = context.isWanted(3) && mask?.elementType.isFloatingPoint ?? false
    // Inputs of the node in the order of the gradient's outputs.
    let targets = [0, 1, 2] + (hasPast ? [4, 5] : []) + (takesMask ? [3] : [])
    let results = try context.applyAll(
      AttentionGradient.name, gradients + operands, node.attributes, outputCount: targets.count)
    var byInput = context.noGradients
    for (target, result) in zip(targets, results) where context.isWanted(target) { byInput[target] = result }
    return byInput
  }
}

/// The types that an attention's inputs give its outputs.
struct AttentionTypes {
  let result: ValueType
  let presentKey: ValueType
  let presentValue: ValueType
  let scores: ValueType

  /// - Parameter first: the position of Q among the node's inputs.
  init(_ context: InferenceContext, first: Int = 0) throws {
    let node = context.node
    let (q, k, v) = (try context.floatingPointInput(first), try context.floatingPointInput(first + 1), try context.floatingPointInput(first + 2))
    func refuse(_ expected: String, _ found: any CustomStringConvertible) -> GraphError {
      GraphError("shape", node: node, expected: expected, found: "\(found)")
    }
    guard q.elementType == k.elementType, q.elementType == v.elementType else {
      throw GraphError("element-type", node: node, expected: "queries, keys and values of one type", found: "\(q), \(k) and \(v)")
    }
    guard q.elementType != .bfloat16 else {
      // ONNX's definition rounds every single sum to 8 bits, which nobody's kernels do.
      throw GraphError("element-type", node: node, expected: "float32, float64 or float16", found: "\(q)")
    }
    let geometry = try AttentionGeometry(node, q, k, v)
    var keys = geometry.key.rows
    guard context.has(first + 4) == context.has(first + 5) else {
      throw refuse("past keys and past values, or neither", "one of them")
    }
    if context.has(first + 4) {
      let (pastKey, pastValue) = (try context.input(first + 4), try context.input(first + 5))
      guard pastKey.rank == 4, let past = pastKey.dimensions[2].fixedValue, let incoming = keys.fixedValue,
        case let (sum, overflows) = past.addingReportingOverflow(incoming), !overflows
      else { throw refuse("a past of four axes whose length is a number, as that of the keys", "\(pastKey) and \(k)") }
      let expected = [geometry.key.size, geometry.value.size].map {
        ValueType(q.elementType, [geometry.key.batch, geometry.key.heads, .fixed(past), $0])
      }
      guard [pastKey, pastValue] == expected else { throw refuse("a past of \(expected)", "\(pastKey) and \(pastValue)") }
      guard !context.has(first + 6) else { throw refuse("a past or lengths of an outer cache, not both", "both") }
      keys = .fixed(sum)
    }
    scores = ValueType(q.elementType, [geometry.query.batch, geometry.query.heads, geometry.query.rows, keys])
    if context.has(first + 3) {
      let mask = try context.input(first + 3)
      guard mask.elementType == .bool || mask.elementType == q.elementType else {
        throw GraphError("element-type", node: node, expected: "a mask of bool or \(q.elementType.rawValue)", found: "\(mask)")
      }
      // The last axis may be shorter than the keys: what is missing is forbidden.
      let isShorter = mask.dimensions.last.flatMap { last in last.fixedValue.flatMap { l in keys.fixedValue.map { l <= $0 } } }
      let leading = Array(scores.dimensions.dropLast())
      guard let last = mask.dimensions.last, isShorter ?? (last == keys),
        ValueType.broadcast(Array(mask.dimensions.dropLast()), leading) == leading
      else { throw refuse("a mask that broadcasts to \(scores), its last axis not longer", "\(mask)") }
    }
    if context.has(first + 6) {
      let lengths = try context.input(first + 6)
      guard lengths == ValueType(.int64, [geometry.query.batch]) else {
        throw refuse("a length for each of the batch, as int64", "\(lengths)")
      }
    }
    for (attribute, allowed) in [("qk_matmul_output_mode", 0...3), ("is_causal", 0...1)] {
      let given = try node.int(attribute, default: 0)
      guard allowed.contains(given) else {
        throw GraphError("attribute", node: node, expected: "\(attribute) in \(allowed)", found: "\(given)")
      }
    }
    let precision = try node.int("softmax_precision", default: 1)
    guard ElementType(onnxDataType: precision)?.isFloatingPoint == true else {
      throw GraphError("attribute", node: node, expected: "softmax_precision to name a floating-point type", found: "\(precision)")
    }
    _ = (try node.float("scale", default: 1), try node.float("softcap", default: 0))
    _ = (try node.int("left_window_size", default: -1), try node.int("right_window_size", default: -1))
    result = try geometry.result(q.elementType)
    presentKey = ValueType(q.elementType, [geometry.key.batch, geometry.key.heads, keys, geometry.key.size])
    presentValue = ValueType(q.elementType, [geometry.key.batch, geometry.key.heads, keys, geometry.value.size])
  }
}
