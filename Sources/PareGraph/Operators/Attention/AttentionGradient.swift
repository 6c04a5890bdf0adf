import PareTensor

/// The gradient of Attention, the weights computed again.
///
/// With P the weights, S the scores before the softmax and `dP = dY · Vᵀ`: `dV = Pᵀ · dY`, `dS = P ∘ (dP − Σ dP ∘ P)`,
/// through the cap `dS · (1 − (S / c)²)`, then `dQ = scale · dS · K`, `dK = scale · dSᵀ · Q`; the gradient by a
/// floating-point mask is dS, summed to the mask's shape. Keys and values collect from every query head that asks them.
///
/// - Inputs: the gradients by Attention's four outputs, any of them left out, then its seven inputs; its attributes.
/// - Outputs: the gradients by Q, K, V, then by past keys and values where they are given, then by a floating-point
///   mask, if there is one more output.
public enum AttentionGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.AttentionGradient"
  public static let inputCount = 11...11
  public static let outputCount = 3...6
  public static let attributeNames = Attention.attributeNames

  /// The position of Q among the inputs.
  static let first = 4

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let types = try AttentionTypes(context, first: first)
    for (index, type) in [types.result, types.presentKey, types.presentValue, types.scores].enumerated() where context.has(index) {
      let found = try context.input(index)
      guard found == type else {
        throw GraphError("shape", node: context.node, expected: "gradient \(index) of \(type)", found: "\(found)")
      }
    }
    return try targets(context.node) { try context.input($0) }.map { try context.input($0) }
  }

  /// Inputs of the node in the order of its outputs.
  private static func targets(_ node: Node, _ type: (Int) throws -> ValueType) rethrows -> [Int] {
    let hasPast = node.input(first + 4) != nil
    let isAsked = node.outputs.count > (hasPast ? 5 : 3)
    let takesMask = isAsked && node.input(first + 3) != nil ? try type(first + 3).elementType.isFloatingPoint : false
    return [first, first + 1, first + 2] + (hasPast ? [first + 4, first + 5] : []) + (takesMask ? [first + 3] : [])
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let problem = try AttentionProblem(context, first: first)
    let core = try AttentionCore<Scalar>(context, problem, first: first)
    let targets = try targets(context.node) { index in
      let type = try context.input(index)
      return ValueType(type.elementType, type.shape.dimensions.map(Dimension.fixed))
    }
    let counts = context.outputs.map(\.shape.elementCount)
    let given = (0..<4).map { context.has($0) }
    let slopes = Row<Scalar>(count: problem.keys)
    let maskOutput = targets.firstIndex(of: first + 3)
    return { buffers in
      for (output, count) in counts.enumerated() {
        buffers.output(output, as: Scalar.self).update(repeating: 0, count: count)
      }
      /// Where the gradient by a key or value row is collected: of the cache or of what comes in.
      func target(_ isValue: Bool, _ batch: Int, _ head: Int, _ key: Int) -> UnsafeMutablePointer<Scalar> {
        let head = head / problem.group
        let (past, incoming) = isValue ? (problem.pastValue, problem.value) : (problem.pastKey, problem.key)
        return key < problem.past
          ? buffers.output(isValue ? 4 : 3) + past.offset(batch, head, key)
          : buffers.output(isValue ? 2 : 1) + incoming.offset(batch, head, key - problem.past)
      }
      for (isValue, layout, size) in [
        (false, problem.presentKey, problem.size), (true, problem.presentValue, problem.valueSize),
      ] where given[isValue ? 2 : 1] {
        let present = buffers.input(isValue ? 2 : 1, as: Scalar.self)
        for batch in 0..<problem.batch {
          for head in 0..<problem.keyHeads {
            for key in 0..<problem.keys {
              target(isValue, batch, head * problem.group, key)
                .update(from: present + layout.offset(batch, head, key), count: size)
            }
          }
        }
      }
      let scale = Scalar(problem.scale)
      let softcap = Scalar(problem.softcap)
      let ds = slopes.elements
      for batch in 0..<problem.batch {
        for head in 0..<problem.heads {
          for query in 0..<problem.queries {
            core.weigh(buffers, batch: batch, head: head, query: query)
            let row = ((batch * problem.heads + head) * problem.queries + query) * problem.keys
            /// The gradient that arrives for a score that the node yields at `stage`.
            func arriving(_ stage: Int, _ key: Int) -> Scalar {
              given[3] && problem.scoreStage == stage ? buffers.input(3, as: Scalar.self)[row + key] : 0
            }
            var inner: Scalar = 0
            for key in 0..<problem.keys {
              var dp = arriving(3, key)
              if given[0] {
                let dy = buffers.input(0, as: Scalar.self) + problem.result.offset(batch, head, query)
                let value = core.value(buffers, batch: batch, head: head, key: key)
                let dv = target(true, batch, head, key)
                for column in 0..<problem.valueSize {
                  dp += dy[column] * value[column]
                  dv[column] += core.weights[key] * dy[column]
                }
              }
              ds[key] = dp
              inner += dp * core.weights[key]
            }
            let q: UnsafePointer<Scalar> = buffers.input(first) + problem.query.offset(batch, head, query)
            let dq: UnsafeMutablePointer<Scalar> = buffers.output(0) + problem.query.offset(batch, head, query)
            for key in 0..<problem.keys {
              var slope = core.weights[key] * (ds[key] - inner) + arriving(2, key)
              if let maskOutput, let source = core.maskSource(batch: batch, head: head, query: query, key: key) {
                buffers.output(maskOutput, as: Scalar.self)[source] += slope
              }
              slope += arriving(1, key)
              if softcap > 0 {
                let share = core.capped[key] / softcap
                slope *= 1 - share * share
              }
              slope = (slope + arriving(0, key)) * scale
              let k = core.key(buffers, batch: batch, head: head, key: key)
              let dk = target(false, batch, head, key)
              for column in 0..<problem.size {
                dq[column] += slope * k[column]
                dk[column] += slope * q[column]
              }
            }
          }
        }
      }
    }
  }

  /// A row of scratch memory.
  private final class Row<Scalar: FloatingPointElement>: @unchecked Sendable {
    let elements: UnsafeMutablePointer<Scalar>

    init(count: Int) {
      elements = .allocate(capacity: max(count, 1))
      elements.initialize(repeating: 0, count: max(count, 1))
    }

    deinit {
      elements.deallocate()
    }
  }
}
