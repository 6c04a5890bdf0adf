import PareTensor

/// What attention and its gradient compute alike, a query at a time: its scores on the way from products to weights.
///
/// For one thread at a time, as the evaluator is that it belongs to: the rows are memory of its own.
final class AttentionCore<Scalar: FloatingPointElement>: @unchecked Sendable {
  /// The weight of each key: what the softmax makes of the scores.
  let weights: UnsafeMutablePointer<Scalar>
  /// The scores before the bias, capped.
  let capped: UnsafeMutablePointer<Scalar>
  /// The scores at the stage at which the node yields them.
  let yielded: UnsafeMutablePointer<Scalar>

  private let bias: UnsafeMutablePointer<Scalar>
  private let memory: UnsafeMutablePointer<Scalar>
  private let problem: AttentionProblem
  private let mask: AttentionMask
  /// The position of Q among the inputs.
  private let first: Int

  init(_ context: PreparationContext, _ problem: AttentionProblem, first: Int = 0) throws {
    self.problem = problem
    self.first = first
    mask = try AttentionMask(context, problem, first: first)
    memory = .allocate(capacity: max(4 * problem.keys, 1))
    memory.initialize(repeating: 0, count: max(4 * problem.keys, 1))
    weights = memory
    capped = memory + problem.keys
    yielded = memory + 2 * problem.keys
    bias = memory + 3 * problem.keys
  }

  deinit {
    memory.deallocate()
  }

  /// The key that stands at `key`, the cache's first.
  @inline(__always)
  func key(_ buffers: EvaluationBuffers, batch: Int, head: Int, key: Int) -> UnsafePointer<Scalar> {
    let head = head / problem.group
    return key < problem.past
      ? buffers.input(first + 4) + problem.pastKey.offset(batch, head, key)
      : buffers.input(first + 1) + problem.key.offset(batch, head, key - problem.past)
  }

  @inline(__always)
  func value(_ buffers: EvaluationBuffers, batch: Int, head: Int, key: Int) -> UnsafePointer<Scalar> {
    let head = head / problem.group
    return key < problem.past
      ? buffers.input(first + 5) + problem.pastValue.offset(batch, head, key)
      : buffers.input(first + 2) + problem.value.offset(batch, head, key - problem.past)
  }

  @inline(__always)
  func maskSource(batch: Int, head: Int, query: Int, key: Int) -> Int? {
    mask.source(batch: batch, head: head, query: query, key: key)
  }

  /// Computes the weights of one query, and the rows on the way.
  func weigh(_ buffers: EvaluationBuffers, batch: Int, head: Int, query: Int) {
    let keys = problem.keys
    let q: UnsafePointer<Scalar> = buffers.input(first) + problem.query.offset(batch, head, query)
    let (scale, softcap) = (Scalar(problem.scale), Scalar(problem.softcap))
    let seesAny = mask.fill(bias, buffers, batch: batch, head: head, query: query)
    for position in 0..<keys {
      let k = key(buffers, batch: batch, head: head, key: position)
      var sum: Scalar = 0
      for column in 0..<problem.size { sum += q[column] * k[column] }
      weights[position] = sum * scale
    }
    if problem.scoreStage == 0 { yielded.update(from: weights, count: keys) }
    if softcap > 0 { for position in 0..<keys { weights[position] = softcap * Scalar.tanh(weights[position] / softcap) } }
    capped.update(from: weights, count: keys)
    if problem.scoreStage == 1 { yielded.update(from: weights, count: keys) }
    for position in 0..<keys { weights[position] += bias[position] }
    if problem.scoreStage == 2 { yielded.update(from: weights, count: keys) }
    if !seesAny {
      for position in 0..<keys { weights[position] = 0 }
    } else if problem.softmaxInFloat64 {
      normalize(Double.self)
    } else {
      normalize(Scalar.self)
    }
    if problem.scoreStage == 3 { yielded.update(from: weights, count: keys) }
  }

  /// Softmax of the row, summed in `Wide`.
  private func normalize<Wide: FloatingPointElement>(_: Wide.Type) {
    let greatest = Softmax.greatest(weights, extent: problem.keys, step: 1)
    var sum: Wide = 0
    for position in 0..<problem.keys { sum += Wide.exp(Wide(weights[position]) - Wide(greatest)) }
    for position in 0..<problem.keys {
      weights[position] = Scalar(Wide.exp(Wide(weights[position]) - Wide(greatest)) / sum)
    }
  }

  /// Cache and incoming rows one after another, with the heads apart.
  func joinPresent(
    past: Int, incoming: Int, of present: HeadLayout, size: Int, output: Int, _ buffers: EvaluationBuffers
  ) {
    let target = buffers.output(output, as: Scalar.self)
    for batch in 0..<problem.batch {
      for head in 0..<problem.keyHeads {
        for position in 0..<problem.keys {
          let source =
            incoming == 1
            ? key(buffers, batch: batch, head: head * problem.group, key: position)
            : value(buffers, batch: batch, head: head * problem.group, key: position)
          (target + present.offset(batch, head, position)).update(from: source, count: size)
        }
      }
    }
  }
}
