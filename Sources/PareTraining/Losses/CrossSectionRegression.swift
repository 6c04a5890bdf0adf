import PareGraph
import PareTensor

/// Scores of the symbols of a day against what came of them: squared error, correlation across the symbols, and order.
///
/// `a · L_S + b · L_C + c · L_R`, of each day with m = 1 where a target is known:
/// - `L_S` is the sum over the symbols of `m (s − y)²`, divided by the number of all symbols;
/// - `L_C` is `1 − r` with Pearson's correlation r of s and y over the symbols with m = 1. Where one of the two does not vary, r is 0 and
///   the gradient finite;
/// - `L_R`, listwise, is the cross-entropy of `softmax(s)` with `softmax(y)` over the symbols with m = 1; pairwise, the mean over their
///   pairs of `max(0, −(sᵢ − sⱼ)(yᵢ − yⱼ))`, which costs the square of the symbols.
///
/// Each day counts the same, and no day's part depends on other days. A day without a known target counts for nothing.
///
/// - Shapes: prediction and target alike, `[batch, …, symbols]`; the target is NaN where none is known.
/// - Source: the listwise term: Cao et al. 2007, ICML, §4.2 (ListNet, top one); squared error with pairs: Feng et al. 2019,
///   arXiv:1809.09441, eq. 7.
public struct CrossSectionRegression: Loss {
  public enum Ranking: String, Sendable, Hashable, Codable, CaseIterable {
    case listwise, pairwise
  }

  /// The value that holds the scores.
  public var prediction: String
  /// The input that holds what they are to be; added to the graph.
  public var target: String
  /// a, b and c, each at least 0, one above.
  public var squaredError: Double
  public var correlation: Double
  public var ranking: Double
  public var form: Ranking

  public init(
    prediction: String = "scores", target: String = "labels", squaredError: Double = 1, correlation: Double = 1, ranking: Double = 0,
    form: Ranking = .listwise
  ) {
    (self.prediction, self.target) = (prediction, target)
    (self.squaredError, self.correlation, self.ranking, self.form) = (squaredError, correlation, ranking, form)
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: prediction)
    guard type.rank >= 2, type.elementType.isFloatingPoint else {
      throw TrainingError(
        "loss-input", subject: "value '\(prediction)'", expected: "scores [batch, …, symbols]", found: "\(type)")
    }
    let weights = [squaredError, correlation, ranking]
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
      throw TrainingError(
        "loss-weights", subject: "cross-section regression", expected: "weights of at least 0, one above",
        found: weights.map { "\($0)" }.joined(separator: ", "), category: .usage)
    }
    let day = try Day(prediction, builder.requiredInput(target, type), &builder)
    var terms: [String] = []
    if squaredError > 0 { terms.append(try builder.scaled(day.squaredError(&builder), by: squaredError)) }
    if correlation > 0 { terms.append(try builder.scaled(day.correlation(&builder), by: correlation)) }
    if ranking > 0 {
      terms.append(try builder.scaled(form == .listwise ? day.listwise(&builder) : day.pairwise(&builder), by: ranking))
    }
    let total = try terms.dropFirst().reduce(terms[0]) { try builder.apply("Add", [$0, $1]) }
    return try builder.mean(total)
  }

  /// The symbols of a day, along the last axis.
  private struct Day {
    private let scores: String
    /// 0 where none is known.
    private let targets: String
    /// Whether one is known; and 1 where it is, else 0.
    private let isKnown: String
    private let known: String
    /// Symbols with a target, `[…, 1]`, and 1 where there are any.
    private let count: String
    private let some: String

    init(_ prediction: String, _ target: String, _ builder: inout GraphBuilder) throws {
      scores = prediction
      isKnown = try builder.apply("Not", [builder.apply("IsNaN", [target])])
      targets = try builder.apply("Where", [isKnown, target, builder.number(0, like: target)])
      known = try builder.apply("Cast", [isKnown], attributes: ["to": .int(builder.type(of: target).elementType.onnxDataType)])
      count = try builder.sum(known, along: builder.axes(-1), keeps: true)
      some = try builder.apply("Min", [count, builder.number(1, like: count)])
    }

    private func sum(_ value: String, _ builder: inout GraphBuilder) throws -> String {
      try builder.sum(value, along: builder.axes(-1), keeps: true)
    }

    func squaredError(_ builder: inout GraphBuilder) throws -> String {
      let error = try builder.product(builder.difference(of: scores, and: targets), known)
      return try builder.mean(builder.product(error, error), along: builder.axes(-1), keeps: true)
    }

    func correlation(_ builder: inout GraphBuilder) throws -> String {
      let divisor = try builder.atLeast(1, count)
      func centred(_ value: String) throws -> String {
        let mean = try builder.quotient(sum(builder.product(value, known), &builder), divisor)
        return try builder.product(builder.difference(of: value, and: mean), known)
      }
      func deviation(_ centred: String) throws -> String {
        let variance = try builder.quotient(sum(builder.product(centred, centred), &builder), divisor)
        return try builder.apply("Sqrt", [builder.shifted(variance, by: 1e-12)])
      }
      let (x, y) = (try centred(scores), try centred(targets))
      let covariance = try builder.quotient(sum(builder.product(x, y), &builder), divisor)
      let scale = try builder.product(deviation(x), deviation(y))
      return try builder.difference(of: some, and: builder.quotient(covariance, scale))
    }

    func listwise(_ builder: inout GraphBuilder) throws -> String {
      // What is far below the others has no weight.
      let absent = try builder.number(-1e30, like: targets)
      func present(_ value: String) throws -> String { try builder.apply("Where", [isKnown, value, absent]) }
      let wanted = try builder.apply("Softmax", [present(targets)], attributes: ["axis": .int(-1)])
      let found = try builder.apply("LogSoftmax", [present(scores)], attributes: ["axis": .int(-1)])
      let terms = try builder.product(builder.product(wanted, known), builder.apply("Where", [isKnown, found, builder.number(0, like: found)]))
      return try builder.scaled(sum(terms, &builder), by: -1)
    }

    func pairwise(_ builder: inout GraphBuilder) throws -> String {
      func pairs(_ value: String, _ pair: (inout GraphBuilder, String, String) throws -> String) throws -> String {
        let (rows, columns) = (try builder.apply("Unsqueeze", [value, builder.axes(-1)]), try builder.apply("Unsqueeze", [value, builder.axes(-2)]))
        return try pair(&builder, rows, columns)
      }
      func difference(_ value: String) throws -> String { try pairs(value) { try $0.difference(of: $1, and: $2) } }
      let both = try pairs(known) { try $0.product($1, $2) }
      let agreement = try builder.product(builder.product(difference(scores), difference(targets)), both)
      let losses = try builder.apply("Relu", [builder.scaled(agreement, by: -1)])
      let total = try builder.apply(
        "ReduceSum", [losses, builder.axes(-2, -1)], attributes: ["keepdims": .int(0)])
      let number = try builder.atLeast(1, builder.product(count, builder.shifted(count, by: -1)))
      return try builder.quotient(builder.apply("Unsqueeze", [total, builder.axes(-1)]), number)
    }
  }
}
