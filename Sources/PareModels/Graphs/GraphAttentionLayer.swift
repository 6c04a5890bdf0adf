import PareGraph
import PareTensor

/// A layer of graph attention.
///
/// - Shapes: `[batch, symbols, inputs]` → `[batch, symbols, width]`.
/// - Source: Veličković et al. 2018, arXiv:1710.10903, §2.1; Brody, Alon and Yahav 2022, arXiv:2105.14491, §3.1.
struct GraphAttentionLayer {
  let symbols: Int
  let inputs: Int
  let width: Int
  let heads: Int
  let scoring: GraphAttentionNetwork.Scoring
  let index: Int

  private var name: String { "attention_\(index)" }
  private var size: Int { width / heads }

  /// - Parameter bias: added to the scores, broadcasting to `[batch, heads, symbols, symbols]`.
  func append(_ input: String, bias: String, to sketch: inout CrossSectionSketch) throws -> String {
    let values = try projection(input, "value", &sketch)
    let scores = scoring == .gat ? try sums(values, &sketch) : try pairs(input, values, &sketch)
    let biased = try sketch.builder.apply("Add", [scores, bias], name: "\(name).biased")
    let weights = try sketch.builder.apply("Softmax", [biased], attributes: ["axis": .int(-1)], name: "\(name).weights")
    let apart = try sketch.builder.reshape(values, [0, symbols, heads, size], name: "\(name).heads")
    let turned = try sketch.builder.apply("Transpose", [apart], attributes: ["perm": .ints([0, 2, 1, 3])], name: "\(name).turned")
    let answer = try sketch.builder.apply("MatMul", [weights, turned], name: "\(name).answer")
    let together = try sketch.builder.apply(
      "Transpose", [answer], attributes: ["perm": .ints([0, 2, 1, 3])], name: "\(name).answer.turned")
    let joined = try sketch.builder.reshape(together, [0, symbols, width], name: "\(name).joined")
    let own = inputs == width ? input : try projection(input, "skip", &sketch)
    let sum = try sketch.builder.apply("Add", [joined, own], name: "\(name).residual")
    let biasName = try sketch.builder.parameter("\(name).bias", Tensor(zeros: .float32, shape: [width]), isTrainable: true)
    return try sketch.builder.apply("Elu", [sketch.builder.apply("Add", [sum, biasName], name: "\(name).sum")], name: "\(name).elu")
  }

  /// `[batch, symbols, inputs]` by a matrix to `[batch, symbols, width]`.
  private func projection(_ input: String, _ part: String, _ sketch: inout CrossSectionSketch) throws -> String {
    let layer = "\(name).\(part)"
    let weight = sketch.draws(layer).glorot([inputs, width], fanIn: inputs, fanOut: width)
    return try sketch.builder.apply(
      "MatMul", [input, sketch.builder.parameter("\(layer).weight", weight, isTrainable: true)], name: layer)
  }

  /// The vector that makes a score of a head's numbers, `[heads · size]` as heads lie.
  private func scorer(_ part: String, _ sketch: inout CrossSectionSketch) throws -> String {
    let vector = sketch.draws("\(name).\(part)").glorot([width], fanIn: size, fanOut: 1)
    return try sketch.builder.parameter("\(name).\(part)", vector, isTrainable: true)
  }

  /// The sum over each head's columns: `[…, width]` → `[…, heads]`, `extents` being what stands in front of the columns.
  private func headSums(_ value: String, _ extents: [Int], _ part: String, _ sketch: inout CrossSectionSketch) throws -> String {
    let product = try sketch.builder.apply("Mul", [value, scorer(part, &sketch)], name: "\(name).\(part).product")
    let apart = try sketch.builder.reshape(product, extents + [heads, size], name: "\(name).\(part).heads")
    let axes = try sketch.builder.constant(Tensor([Int64(-1)]), named: "\(name).\(part).axes")
    return try sketch.builder.apply(
      "ReduceSum", [apart, axes], attributes: ["keepdims": .int(0)], name: "\(name).\(part).score")
  }

  /// `leakyRelu(a · W h_i + b · W h_j)`.
  private func sums(_ values: String, _ sketch: inout CrossSectionSketch) throws -> String {
    var sides: [String] = []
    for (part, shape) in [("query", [0, heads, symbols, 1]), ("key", [0, heads, 1, symbols])] {
      let score = try headSums(values, [0, symbols], part, &sketch)
      let turned = try sketch.builder.apply(
        "Transpose", [score], attributes: ["perm": .ints([0, 2, 1])], name: "\(name).\(part).turned")
      sides.append(try sketch.builder.reshape(turned, shape, name: "\(name).\(part).side"))
    }
    return try leaky(sketch.builder.apply("Add", sides, name: "\(name).pairs"), &sketch)
  }

  /// `a · leakyRelu(V h_i + W h_j)`.
  private func pairs(_ input: String, _ values: String, _ sketch: inout CrossSectionSketch) throws -> String {
    let queries = try projection(input, "query", &sketch)
    let rows = try sketch.builder.reshape(queries, [0, symbols, 1, width], name: "\(name).query.side")
    let columns = try sketch.builder.reshape(values, [0, 1, symbols, width], name: "\(name).key.side")
    let both = try leaky(sketch.builder.apply("Add", [rows, columns], name: "\(name).pairs"), &sketch)
    let score = try headSums(both, [0, symbols, symbols], "scorer", &sketch)
    return try sketch.builder.apply(
      "Transpose", [score], attributes: ["perm": .ints([0, 3, 1, 2])], name: "\(name).scores")
  }

  private func leaky(_ value: String, _ sketch: inout CrossSectionSketch) throws -> String {
    try sketch.builder.apply("LeakyRelu", [value], attributes: ["alpha": .float(0.2)], name: "\(name).leaky")
  }
}
