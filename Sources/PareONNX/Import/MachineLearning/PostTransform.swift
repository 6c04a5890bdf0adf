import PareGraph
import PareTensor

/// What a model of `ai.onnx.ml` makes of its scores, as onnxruntime computes it.
enum PostTransform: String, CaseIterable {
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  /// Softmax over what is not 0; what is 0 stays 0.
  case softmaxZero = "SOFTMAX_ZERO"
  /// The quantile of the normal distribution, by an approximation of the inverse error function within 0.2 %.
  case probit = "PROBIT"

  init(_ node: ONNXNode) throws {
    let name = try node.node.string("post_transform", default: Self.none.rawValue)
    guard let transform = Self(rawValue: name) else {
      throw node.attributeError(
        "post_transform to be one of \(Self.allCases.map { $0.rawValue }.joined(separator: ", "))", found: "'\(name)'")
    }
    self = transform
  }

  /// Scores of a row transformed together; a single score only by PROBIT.
  ///
  /// - Parameter scores: `[rows, count]`.
  func apply(_ scores: String, count: Int, for node: ONNXNode, in context: inout ImportContext) throws -> String {
    guard count > 1 || self == .probit else { return scores }
    switch self {
    case .none: return scores
    case .softmax: return try context.apply("Softmax", [scores], ["axis": .int(1)], for: node)
    case .logistic: return try context.apply("Sigmoid", [scores], for: node)
    case .softmaxZero: return try Self.softmaxZero(scores, for: node, in: &context)
    case .probit: return try Self.probit(scores, for: node, in: &context)
    }
  }

  /// Both classes from the score of one: `[1 − s, s]` where scores are probabilities, else `[−s, s]`; with LOGISTIC
  /// `[σ(−s), σ(s)]`.
  ///
  /// - Parameter score: `[rows, 1]`.
  func applyToOneOfTwo(
    _ score: String, isProbability: Bool, for node: ONNXNode, in context: inout ImportContext
  ) throws -> String {
    guard self != .probit else {
      throw node.attributeError("post_transform other than PROBIT where one score stands for two classes", found: "PROBIT")
    }
    if self == .logistic || !isProbability {
      let negative = try context.apply("Neg", [score], for: node)
      let both = try context.apply("Concat", [negative, score], ["axis": .int(1)], for: node)
      return self == .logistic ? try context.apply("Sigmoid", [both], for: node) : both
    }
    let one = try context.number(1, like: score, "one", for: node)
    let rest = try context.apply("Sub", [one, score], for: node)
    return try context.apply("Concat", [rest, score], ["axis": .int(1)], for: node)
  }

  private static func softmaxZero(
    _ scores: String, for node: ONNXNode, in context: inout ImportContext
  ) throws -> String {
    let axes = try context.axes(1, for: node)
    let limit = try context.number(1e-7, like: scores, "zero", for: node)
    let highest = try context.apply("ReduceMax", [scores, axes], ["keepdims": .int(1)], for: node)
    let isCounted = try context.apply("Greater", [context.apply("Abs", [scores], for: node), limit], for: node)
    let exponentials = try context.apply("Exp", [context.apply("Sub", [scores, highest], for: node)], for: node)
    let scale = try context.apply("Exp", [context.apply("Neg", [highest], for: node)], for: node)
    let small = try context.apply("Mul", [scores, scale], for: node)
    let none = try context.number(0, like: scores, "nothing", for: node)
    let counted = try context.apply("Where", [isCounted, exponentials, none], for: node)
    let sum = try context.apply("ReduceSum", [counted, axes], ["keepdims": .int(1)], for: node)
    return try context.apply("Div", [context.apply("Where", [isCounted, exponentials, small], for: node), sum], for: node)
  }

  /// √2 · erf⁻¹(2s − 1), with erf⁻¹(t) = sign(t) · √(√(v² − l / a) − v), l = ln(1 − t²), v = 2 / (πa) + l / 2, a = 0.147
  /// (Winitzki 2008, A handy approximation for the error function and its inverse).
  private static func probit(_ scores: String, for node: ONNXNode, in context: inout ImportContext) throws -> String {
    func number(_ value: Double, _ meaning: String) throws -> String {
      try context.number(value, like: scores, meaning, for: node)
    }
    func apply(_ name: OperatorName, _ inputs: String...) throws -> String { try context.apply(name, inputs, for: node) }
    let one = try number(1, "one")
    let t = try apply("Sub", apply("Mul", scores, number(2, "two")), one)
    let l = try apply("Log", apply("Mul", apply("Sub", one, t), apply("Add", one, t)))
    let v = try apply("Add", apply("Mul", l, number(0.5, "half")), number(2 / (.pi * 0.147), "offset"))
    let root = try apply("Sqrt", apply("Sub", apply("Mul", v, v), apply("Mul", l, number(1 / 0.147, "slope"))))
    let magnitude = try apply("Sqrt", apply("Sub", root, v))
    return try apply("Mul", apply("Mul", apply("Sign", t), magnitude), number(2.0.squareRoot(), "deviation"))
  }
}
