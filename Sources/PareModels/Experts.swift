import PareGraph
import PareTensor

/// One small network for each case, of which the row says which one it is: a student per regime of the market, a linear model per symbol.
///
/// The last `cases` numbers of a row are 1 for the case that holds and 0 for the others (columns of zeros and ones are not normalized).
/// Every expert reads the numbers before them; the scores are those of the one whose case holds:
/// ```
/// logits = Σₖ caseₖ · expertₖ(features)
/// ```
/// An expert learns from the rows of its case alone, since the others' gradients are zero. Its layers are `dense_i` with
/// `i = k · (hidden + 1) + layer`. Where no case holds the scores are zeros.
public struct Experts: Sendable, Hashable {
  /// Numbers of a row, the cases included.
  public var inputs: Int
  public var cases: Int
  /// Units of each expert's hidden layers; none makes it linear.
  public var hidden: [Int]
  /// Classes.
  public var outputs: Int

  public init(inputs: Int, cases: Int, hidden: [Int] = [], outputs: Int) {
    (self.inputs, self.cases, self.hidden, self.outputs) = (inputs, cases, hidden, outputs)
  }

  /// Numbers that an expert reads.
  public var features: Int { inputs - cases }

  /// `cases` times those of a multilayer perceptron.
  public var parameterCount: Int {
    cases * zip([features] + hidden, hidden + [outputs]).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
  }

  /// The graph with freshly drawn weights, from `features [batch, inputs]` to `logits [batch, outputs]` and `probabilities`.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - rowShape: extents of one row, whose product is `inputs`; windows are flattened, and the cases are those of their newest candle.
  ///   - normalizer: put in front of everything.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "experts", input: String = "features", rowShape: [Int]? = nil, normalizer: Normalizer? = nil,
    thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var builder = GraphBuilder(name: name)
    let row = (rowShape ?? [inputs]).map(Dimension.fixed)
    var value = try builder.input(input, ValueType(.float32, ["batch"] + row))
    if let normalizer { value = try builder.normalize(value, by: normalizer) }
    if row.count > 1 { value = try builder.apply("Flatten", [value], name: "flatten") }
    let own = try builder.columns(0..<features, of: value, name: "own")
    let holds = try builder.reshape(
      builder.columns(features..<inputs, of: value, name: "cases"), [0, cases, 1], name: "cases.aside")
    let scores = try (0..<cases).map { try expert($0, of: own, seed: seed, &builder) }
    let joined = try builder.apply("Concat", scores, attributes: ["axis": .int(1)], name: "experts")
    let aside = try builder.reshape(joined, [0, cases, outputs], name: "experts.aside")
    let chosen = try builder.apply("Mul", [aside, holds], name: "choose")
    let axis = try builder.constant(Tensor([Int64(1)]), named: "choose.axis")
    let logits = try builder.apply("ReduceSum", [chosen, axis], attributes: ["keepdims": .int(0)], name: "sum", output: "logits")
    try builder.classify(logits, thresholds: thresholds)
    return builder.graph
  }

  private func expert(_ index: Int, of features: String, seed: UInt64, _ builder: inout GraphBuilder) throws -> String {
    let widths = [self.features] + hidden + [outputs]
    var value = features
    for layer in 0...hidden.count {
      let place = index * (hidden.count + 1) + layer
      let draws = InitialWeights(seed: seed, stream: "experts/dense_\(place)")
      let (fanIn, fanOut) = (widths[layer], widths[layer + 1])
      let isLast = layer == hidden.count
      let weight = isLast
        ? draws.glorot([fanOut, fanIn], fanIn: fanIn, fanOut: fanOut) : draws.he([fanOut, fanIn], fanIn: fanIn)
      value = try builder.dense(value, weight: weight, layer: place, output: nil)
      if !isLast { value = try builder.apply("Relu", [value], name: "relu_\(place)") }
    }
    return value
  }

  private func validate() throws {
    let settings = ArchitectureSettings("experts")
    try settings.check("columns", cases, in: 2...1024)
    guard inputs > cases else { throw settings.error("columns", expected: "fewer than the \(inputs) numbers of a row", found: "\(cases)") }
    for width in hidden { try settings.check("hidden", width, in: 1...(1 << 16)) }
    try settings.check("outputs", outputs, in: 1...(1 << 16))
    guard inputs <= 1 << 20, parameterCount <= 1 << 28 else {
      throw settings.error("parameters", expected: "at most \(1 << 28)", found: "more")
    }
  }
}

extension GraphBuilder {
  /// Some of the columns of rows.
  fileprivate mutating func columns(_ range: Range<Int>, of value: String, name: String) throws -> String {
    let bounds = try [range.lowerBound, range.upperBound, 1].map { try constant(Tensor([Int64($0)]), named: "\(name).bound") }
    return try apply("Slice", [value] + bounds, name: name)
  }
}
