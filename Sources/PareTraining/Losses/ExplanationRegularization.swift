import PareGraph
import PareTensor

/// A student's reasons are to be its teacher's: three terms over what the teacher's attributions say of the features of a panel.
///
/// For each symbol and day some features are the teacher's *keywords*, those of the greatest attributions, and the rest is *bias*.
/// - Distinguishing: a dense layer on the student's embedding tells keywords from bias, by binary cross-entropy.
/// - Decoupling: the shares of the student's first weights by feature, `a_f = Σ_k W_fk² / Σ W²`, are to be the mean shares w of the teacher's
///   attributions: `Σ_f (a_f − w_f)²`.
/// - Aligning: the student on the keywords alone scores as the teacher does, and on the rest it is uninformed: it tells no symbol from
///   another. `mean m (ŷ_key − ŷ_teacher)² + mean m (ŷ_rest − mean_day ŷ_rest)²`, over symbols that are there; the student is run twice more.
///
/// The layer of the first term is trained beside the student and is no part of it.
///
/// - Source: the three terms of Zang and Liu 2024, arXiv:2404.13390 (EBD-Reg), carried over to returns: a teacher's attributions in the
///   place of human explanations, squared errors in that of a divergence between classes.
public struct ExplanationRegularization: Loss {
  /// The inputs of the student that hold the features and say which symbols are there.
  public var features: String
  public var mask: String
  /// The student's values of scores and embeddings, and the parameter of its first layer, `[features …, width]`.
  public var scores: String
  public var embedding: String
  public var firstWeight: String
  /// The input that holds the teacher's scores, NaN where none are known; added to the graph.
  public var teacherScores: String
  /// The input that holds 1 for keywords and 0 for bias, shaped as the features; added to the graph.
  public var keywords: String
  /// The input that holds the mean shares of attributions of the day's kind, `[batch, steps, features]`; added to the graph.
  public var shares: String
  /// Of the three terms, each at least 0.
  public var distinguishing: Double
  public var decoupling: Double
  public var aligning: Double
  public var seed: UInt64

  public init(
    features: String = "features", mask: String = "mask", scores: String = "scores", embedding: String = "embedding", firstWeight: String,
    teacherScores: String, keywords: String = "explanation.keywords", shares: String = "explanation.shares", distinguishing: Double = 0.4,
    decoupling: Double = 0.8, aligning: Double = 0.8, seed: UInt64 = 0
  ) {
    (self.features, self.mask, self.scores, self.embedding) = (features, mask, scores, embedding)
    (self.firstWeight, self.teacherScores, self.keywords, self.shares) = (firstWeight, teacherScores, keywords, shares)
    (self.distinguishing, self.decoupling, self.aligning, self.seed) = (distinguishing, decoupling, aligning, seed)
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: features)
    guard type.rank == 4, let count = type.dimensions[3].fixedValue else {
      throw TrainingError("loss-input", subject: "input '\(features)'", expected: "features [batch, steps, symbols, features]", found: "\(type)")
    }
    let keywords = try builder.requiredInput(keywords, type)
    var terms: [String] = []
    if distinguishing > 0 { terms.append(try builder.scaled(distinguished(keywords, count, &builder), by: distinguishing)) }
    if decoupling > 0 { terms.append(try builder.scaled(decoupled(type, count, &builder), by: decoupling)) }
    if aligning > 0 { terms.append(try builder.scaled(aligned(keywords, &builder), by: aligning)) }
    guard let first = terms.first else {
      throw TrainingError("loss-terms", subject: "explanation", expected: "a weight above 0", found: "none", category: .usage)
    }
    return try terms.dropFirst().reduce(first) { try builder.apply("Add", [$0, $1]) }
  }

  /// `softplus(z) − key · z`, the cross-entropy of `sigmoid(z)`.
  private func distinguished(_ keywords: String, _ count: Int, _ builder: inout GraphBuilder) throws -> String {
    let own = try builder.type(of: embedding)
    guard let width = own.dimensions.last?.fixedValue, own.rank == 4 else {
      throw TrainingError("loss-input", subject: "value '\(embedding)'", expected: "embeddings [batch, steps, symbols, width]", found: "\(own)")
    }
    var generator = SeededGenerator(seed: seed, stream: "explanation")
    let limit = (6 / Double(width + count)).squareRoot()
    let draws = (0..<width * count).map { _ in Float((2 * generator.uniform() - 1) * limit) }
    let weight = try builder.parameter("explanation.weight", Tensor(draws, shape: [width, count]), isTrainable: true)
    let bias = try builder.parameter("explanation.bias", Tensor(zeros: .float32, shape: [count]), isTrainable: true)
    let logits = try builder.apply("Add", [builder.apply("MatMul", [embedding, weight]), bias])
    let entropy = try builder.difference(of: builder.apply("Softplus", [logits]), and: builder.product(keywords, logits))
    return try builder.meanOfPresent(builder.rowMeans(entropy), mask)
  }

  private func decoupled(_ type: ValueType, _ count: Int, _ builder: inout GraphBuilder) throws -> String {
    let weight = try builder.type(of: firstWeight)
    guard weight.rank == 2, let rows = weight.dimensions[0].fixedValue, rows >= count else {
      throw TrainingError("loss-input", subject: "parameter '\(firstWeight)'", expected: "weights [\(count) or more, width]", found: "\(weight)")
    }
    let shares = try builder.requiredInput(shares, ValueType(type.elementType, Array(type.dimensions[0..<2]) + [.fixed(count)]))
    let squares = try builder.sum(builder.product(firstWeight, firstWeight), along: builder.axes(1))
    let bounds = try [Int64(0), Int64(count)].map { try builder.constant(Tensor([$0]), named: "bound") }
    let own = rows == count ? squares : try builder.apply("Slice", [squares] + bounds)
    let attention = try builder.quotient(own, builder.atLeast(1e-12, builder.total(own)))
    let difference = try builder.difference(of: shares, and: attention)
    return try builder.mean(builder.sum(builder.product(difference, difference), along: builder.axes(-1)))
  }

  private func aligned(_ keywords: String, _ builder: inout GraphBuilder) throws -> String {
    let targets = try builder.requiredInput(teacherScores, builder.type(of: scores))
    let key = try builder.product(features, keywords)
    let model = builder.graph.pruned(to: [scores])
    let informed = try copied(model, onto: key, "key", &builder)
    let rest = try copied(model, onto: builder.difference(of: features, and: key), "rest", &builder)

    let isKnown = try builder.apply("Not", [builder.apply("IsNaN", [targets])])
    let wanted = try builder.apply("Where", [isKnown, targets, informed])
    let error = try builder.difference(of: informed, and: wanted)
    let count = try builder.atLeast(1, builder.sum(mask, along: builder.axes(-1), keeps: true))
    let mean = try builder.quotient(builder.sum(builder.product(rest, mask), along: builder.axes(-1), keeps: true), count)
    let spread = try builder.difference(of: rest, and: mean)
    let both = try builder.apply("Add", [builder.product(error, error), builder.product(spread, spread)])
    return try builder.meanOfPresent(both, mask)
  }

  /// The scores of the same model for other features.
  private func copied(_ model: Graph, onto other: String, _ name: String, _ builder: inout GraphBuilder) throws -> String {
    var names = [features: other]
    for node in model.nodes where node.inputs.contains(where: { names[$0] != nil }) {
      var copy = node
      copy.name = builder.freshNodeName("\(name).\(node.name)")
      copy.inputs = node.inputs.map { names[$0] ?? $0 }
      copy.outputs = node.outputs.map { $0.isEmpty ? "" : builder.freshValueName("\(name).\($0)") }
      for (old, new) in zip(node.outputs, copy.outputs) where !old.isEmpty { names[old] = new }
      try builder.append(copy)
    }
    return names[scores] ?? scores
  }
}
