import PareGraph
import PareTensor

/// Multi-head self-attention over the rows of a matrix: `softmax(Q · Kᵀ / √size + bias) · V` in each head, its heads side
/// by side through a dense layer.
///
/// It is spelled out in standard operators; training and plans make one Attention node of it where no bias is trained.
/// The weights of the heads are the value `<name>.weights [batch, heads, rows, rows]`, by query and key.
///
/// - Shapes: `[batch, rows, width]` → the same.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, §3.2.
struct SelfAttention {
  let rows: Int
  let width: Int
  let heads: Int
  let seed: UInt64
  /// The architecture, for the stream of draws.
  let architecture: String

  /// - Parameter biases: values that broadcast to the scores `[batch, heads, rows, rows]`, added in turn.
  func append(_ input: String, biases: [String] = [], name: String, to builder: inout GraphBuilder) throws -> String {
    let size = width / heads
    func part(_ part: String, _ order: [Int]) throws -> String {
      let layer = "\(name).\(part)"
      let apart = try builder.reshape(dense(input, layer, &builder), [0, rows, heads, size], name: "\(layer).heads")
      return try builder.apply("Transpose", [apart], attributes: ["perm": .ints(order)], name: "\(layer).turned")
    }
    let (q, k, v) = (try part("query", [0, 2, 1, 3]), try part("key", [0, 2, 3, 1]), try part("value", [0, 2, 1, 3]))
    let root = try builder.constant(Tensor(scalar: Float(size).squareRoot()), named: "\(name).root")
    var scores = try builder.apply("MatMul", [q, k], name: "\(name).product")
    scores = try builder.apply("Div", [scores, root], name: "\(name).scores")
    for (index, bias) in biases.enumerated() {
      scores = try builder.apply("Add", [scores, bias], name: "\(name).bias_\(index)")
    }
    let weights = try builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "\(name).weights")
    let answer = try builder.apply("MatMul", [weights, v], name: "\(name).answer")
    let together = try builder.apply(
      "Transpose", [answer], attributes: ["perm": .ints([0, 2, 1, 3])], name: "\(name).answer.turned")
    return try dense(builder.reshape(together, [0, rows, width], name: "\(name).joined"), "\(name).output", &builder)
  }

  /// Weights and biases of queries, keys, values and output.
  static func parameterCount(width: Int) -> Int { 4 * (width + 1) * width }

  private func dense(_ input: String, _ name: String, _ builder: inout GraphBuilder) throws -> String {
    let weight = InitialWeights(seed: seed, stream: "\(architecture)/\(name)")
      .glorot([width, width], fanIn: width, fanOut: width)
    return try builder.denseAlongLastAxis(input, weight: weight, name: name)
  }
}
