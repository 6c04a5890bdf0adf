import PareTensor

/// Rotates pairs of numbers in each head by angles that depend on where the row stands (rotary position embedding).
///
/// `Y₁ = cos · X₁ − sin · X₂` and `Y₂ = sin · X₁ + cos · X₂` for the pairs (X₁, X₂): neighbours with `interleaved`, else
/// element i of the first half with element i of the second. Only the first `rotary_embedding_dim` elements of a head
/// are rotated, all of them where it is 0; the others pass.
///
/// - Shapes: `X [B, H, S, D]`, or `[B, S, H·D]` with `num_heads`. With `position_ids [B, S]` the caches are tables
///   `[positions, R/2]`, R being what is rotated; without, `[B, S, R/2]`.
/// - Throws: `graph.position` where a position lies outside the tables.
/// - Source: ONNX RotaryEmbedding; Su et al. 2021, arXiv:2104.09864.
public enum RotaryEmbedding: FloatingPointOperator {
  public static let name: OperatorName = "RotaryEmbedding"
  public static let inputCount = 3...4
  public static let attributeNames = ["interleaved", "num_heads", "rotary_embedding_dim"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [try RotaryGeometry.check(context, first: 0)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let geometry = try RotaryGeometry(context, first: 0)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let (cosines, sines) = (buffers.input(1, as: Scalar.self), buffers.input(2, as: Scalar.self))
      let y = buffers.output(as: Scalar.self)
      try geometry.forEachHead(buffers) { start, angles in
        for pair in 0..<geometry.pairs {
          let (a, b) = geometry.pair(pair)
          let (c, s) = (cosines[angles + pair], sines[angles + pair])
          let (x1, x2) = (x[start + a], x[start + b])
          y[start + a] = c * x1 - s * x2
          y[start + b] = s * x1 + c * x2
        }
        for index in 2 * geometry.pairs..<max(geometry.size, 2 * geometry.pairs) { y[start + index] = x[start + index] }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let results = try context.applyAll(
      RotaryEmbeddingGradient.name, [dy] + context.node.inputs, context.node.attributes, outputCount: 3)
    return Array((results.map { Optional($0) } + [nil]).prefix(context.node.inputs.count))
  }
}

/// The gradient of RotaryEmbedding: dY rotated back, and what arrives for each cosine and sine.
///
/// Inputs: dY, then those of RotaryEmbedding; its attributes. Outputs: the gradients by X and by both caches.
public enum RotaryEmbeddingGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.RotaryEmbeddingGradient"
  public static let inputCount = 4...5
  public static let outputCount = 3...3
  public static let attributeNames = RotaryEmbedding.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try RotaryGeometry.check(context, first: 1)
    return [try context.equalInputs(0, 1), try context.input(2), try context.input(3)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let geometry = try RotaryGeometry(context, first: 1)
    let cacheCount = context.outputs[1].shape.elementCount
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let (cosines, sines) = (buffers.input(2, as: Scalar.self), buffers.input(3, as: Scalar.self))
      let (dx, dc, ds) = (
        buffers.output(0, as: Scalar.self), buffers.output(1, as: Scalar.self), buffers.output(2, as: Scalar.self)
      )
      dc.update(repeating: 0, count: cacheCount)
      ds.update(repeating: 0, count: cacheCount)
      try geometry.forEachHead(buffers) { start, angles in
        for pair in 0..<geometry.pairs {
          let (a, b) = geometry.pair(pair)
          let (c, s) = (cosines[angles + pair], sines[angles + pair])
          let (g1, g2) = (dy[start + a], dy[start + b])
          dx[start + a] = c * g1 + s * g2
          dx[start + b] = c * g2 - s * g1
          dc[angles + pair] += g1 * x[start + a] + g2 * x[start + b]
          ds[angles + pair] += g2 * x[start + a] - g1 * x[start + b]
        }
        for index in 2 * geometry.pairs..<max(geometry.size, 2 * geometry.pairs) { dx[start + index] = dy[start + index] }
      }
    }
  }
}

/// Where the heads of a rotary embedding lie, and which numbers of a head are pairs.
private struct RotaryGeometry: Sendable {
  let pairs: Int
  let size: Int
  private let node: Node
  private let batch: Int
  private let heads: Int
  private let rows: Int
  private let layout: HeadLayout
  private let isInterleaved: Bool
  /// Rows of the tables, where positions are given.
  private let positions: Int?
  private let positionsInput: Int

  /// The type of X, checked together with the others.
  static func check(_ context: InferenceContext, first: Int) throws -> ValueType {
    let node = context.node
    let x = try context.floatingPointInput(first)
    let (cosines, sines) = (try context.input(first + 1), try context.equalInputs(first + 1, first + 2))
    guard cosines.elementType == x.elementType else {
      throw GraphError("element-type", node: node, expected: "caches of \(x.elementType.rawValue)", found: "\(cosines)")
    }
    let (dimensions, pairs) = try extents(node, x)
    let leading: [Dimension]
    if context.has(first + 3) {
      let positions = try context.input(first + 3)
      guard positions == ValueType(.int64, [dimensions.batch, dimensions.rows]) else {
        throw GraphError("shape", node: node, expected: "a position for each row, as int64", found: "\(positions)")
      }
      leading = Array(sines.dimensions.prefix(1))
    } else {
      leading = [dimensions.batch, dimensions.rows]
    }
    guard sines.dimensions == leading + [.fixed(pairs)], context.has(first + 3) == (sines.rank == 2) else {
      throw GraphError("shape", node: node, expected: "caches of \(leading + [.fixed(pairs)])", found: "\(sines)")
    }
    return x
  }

  private typealias Extents = AttentionGeometry<Dimension>.Operand

  /// The extents of X and how many pairs of a head are rotated.
  private static func extents(_ node: Node, _ x: ValueType) throws -> (Extents, pairs: Int) {
    let extents: Extents
    switch x.rank {
    case 4:
      extents = Extents(batch: x.dimensions[0], heads: x.dimensions[1], rows: x.dimensions[2], size: x.dimensions[3])
    case 3:
      let heads = try node.int("num_heads", default: 0)
      guard heads > 0, let width = x.dimensions[2].fixedValue, width.isMultiple(of: heads) else {
        throw GraphError("attribute", node: node, expected: "num_heads to divide the width of \(x)", found: "\(heads)")
      }
      extents = Extents(batch: x.dimensions[0], heads: .fixed(heads), rows: x.dimensions[1], size: .fixed(width / heads))
    default:
      throw GraphError("shape", node: node, expected: "three axes or four", found: "\(x)")
    }
    let asked = try node.int("rotary_embedding_dim", default: 0)
    guard let size = extents.size.fixedValue, (0...size).contains(asked), (asked == 0 ? size : asked).isMultiple(of: 2)
    else {
      throw GraphError(
        "attribute", node: node, expected: "an even rotary_embedding_dim, at most the size of a head in \(x)", found: "\(asked)")
    }
    return (extents, (asked == 0 ? size : asked) / 2)
  }

  init(_ context: PreparationContext, first: Int) throws {
    node = context.node
    let type = try context.input(first)
    let (extents, pairs) = try Self.extents(node, ValueType(type.elementType, type.shape.dimensions.map(Dimension.fixed)))
    self.pairs = pairs
    (batch, heads) = (extents.batch.fixedValue ?? 0, extents.heads.fixedValue ?? 0)
    (rows, size) = (extents.rows.fixedValue ?? 0, extents.size.fixedValue ?? 0)
    layout = HeadLayout(heads: heads, rows: rows, size: size, isMerged: type.shape.rank == 3)
    isInterleaved = try node.int("interleaved", default: 0) != 0
    positionsInput = first + 3
    positions = context.has(first + 3) ? try context.input(first + 1).shape[0] : nil
  }

  /// The two elements of a head that are rotated together.
  @inline(__always)
  func pair(_ index: Int) -> (Int, Int) {
    isInterleaved ? (2 * index, 2 * index + 1) : (index, index + pairs)
  }

  /// Calls `body` with where each row of each head starts, and where its angles do.
  @inline(__always)
  func forEachHead(_ buffers: EvaluationBuffers, _ body: (_ start: Int, _ angles: Int) -> Void) throws {
    for batch in 0..<batch {
      for row in 0..<rows {
        var place = batch * rows + row
        if let positions {
          let given = buffers.input(positionsInput, as: Int64.self)[place]
          guard given >= 0, given < positions else {
            throw GraphError("position", node: node, expected: "positions in 0 ..< \(positions)", found: "\(given)")
          }
          place = Int(given)
        }
        for head in 0..<heads { body(layout.offset(batch, head, row), place * pairs) }
      }
    }
  }
}
