import PareTensor

/// Which keys a query may see, as ONNX composes it: a mask, the causal frontier, a window and the padding.
///
/// What is forbidden has −∞ added to its score; what a floating-point mask says is added as it is.
package struct AttentionMask: Sendable {
  private let strides: [Int]
  private let maskIsBool: Bool
  private let hasMask: Bool
  /// Keys that the mask speaks of; those behind them are forbidden.
  private let maskedKeys: Int
  private let hasLengths: Bool
  private let past: Int
  private let queries: Int
  private let keys: Int
  /// How far behind and ahead of itself a query sees; nil without limit.
  private let behind: Int?
  private let ahead: Int?
  /// Far beyond any key, and far from where arithmetic overflows.
  private static let farthest = 1 << 40
  private let maskInput: Int
  private let lengthsInput: Int

  package init(_ context: PreparationContext, _ problem: AttentionProblem, first: Int = 0) throws {
    let node = context.node
    (maskInput, lengthsInput) = (first + 3, first + 6)
    hasMask = context.has(maskInput)
    hasLengths = context.has(lengthsInput)
    if hasMask {
      let mask = try context.input(maskInput)
      maskIsBool = mask.elementType == .bool
      maskedKeys = min(mask.shape.dimensions.last ?? 0, problem.keys)
      let scores = Shape([problem.batch, problem.heads, problem.queries, mask.shape.dimensions.last ?? 0])
      strides = Broadcasting.strides(of: mask.shape, to: scores)
    } else {
      (maskIsBool, maskedKeys, strides) = (false, problem.keys, [0, 0, 0, 0])
    }
    (past, queries, keys) = (problem.past, problem.queries, problem.keys)
    let isCausal = try node.int("is_causal", default: 0) != 0
    let (left, right) = (try node.int("left_window_size", default: -1), try node.int("right_window_size", default: -1))
    guard left >= -1, right >= -1 else {
      throw GraphError("attribute", node: node, expected: "windows of -1 (none) or more", found: "\(left) and \(right)")
    }
    behind = left >= 0 ? min(left, Self.farthest) : nil
    let window = right >= 0 ? min(right, Self.farthest) : nil
    ahead = isCausal ? 0 : window
  }

  /// Whether every key may be seen by every query.
  package var isEmpty: Bool { !hasMask && !hasLengths && behind == nil && ahead == nil }

  /// Whether every head of every batch has the same mask.
  package var isShared: Bool { !hasLengths && strides[0] == 0 && strides[1] == 0 }

  /// Writes what is added to the scores of one query, in Float32.
  ///
  /// - Precondition: a floating-point mask is of Float32.
  package func fill(
    _ bias: UnsafeMutablePointer<Float>, _ buffers: EvaluationBuffers, batch: Int, head: Int, query: Int
  ) {
    let _: Bool = fill(bias, buffers, batch: batch, head: head, query: query)
  }

  /// Writes what is added to the scores of one query.
  ///
  /// - Returns: whether any key is left to be seen.
  @inline(__always)
  func fill<Scalar: FloatingPointElement>(
    _ bias: UnsafeMutablePointer<Scalar>, _ buffers: EvaluationBuffers, batch: Int, head: Int, query: Int
  ) -> Bool {
    // A length is data: it may be anything.
    let length = hasLengths ? Int(max(min(buffers.input(lengthsInput, as: Int64.self)[batch], Int64(Self.farthest)), 0)) : keys
    // Where the query stands among the keys.
    let position = (hasLengths ? length - queries : past) + query
    let first = behind.map { position - $0 } ?? 0
    let end = min(length, maskedKeys, ahead.map { position + $0 + 1 } ?? keys)
    let start = hasMask ? batch * strides[0] + head * strides[1] + query * strides[2] : 0
    var seesAny = false
    for key in 0..<keys {
      var value: Scalar = key >= first && key < end ? 0 : -.infinity
      if hasMask, key < maskedKeys {
        if maskIsBool {
          if !buffers.input(maskInput, as: Bool.self)[start + key * strides[3]] { value = -.infinity }
        } else {
          value += buffers.input(maskInput, as: Scalar.self)[start + key * strides[3]]
        }
      }
      bias[key] = value
      if value != -.infinity { seesAny = true }
    }
    return seesAny
  }

  /// Where in a floating-point mask the bias of a query's score for a key comes from; nil where it comes from nowhere.
  @inline(__always)
  func source(batch: Int, head: Int, query: Int, key: Int) -> Int? {
    guard hasMask, !maskIsBool, key < maskedKeys else { return nil }
    return batch * strides[0] + head * strides[1] + query * strides[2] + key * strides[3]
  }
}
