import PareGraph
import PareTensor

/// Learning an order of rows: within each group, as the instruments of a date, those of a higher target are to score higher.
///
/// - Pairwise: `−log sigmoid(σ · (sᵢ − sⱼ))`, a mean over the pairs of a group with `yᵢ > yⱼ`.
/// - Listwise: the cross-entropy of `softmax(σ · s)` with `softmax(σ · y)` over the rows of a group.
///
/// Each group of a batch counts the same, however many rows it has; one without a pair counts for nothing, and a batch
/// without any has loss 0. `TrainingSettings.groups` keeps the rows of a group together while rows are shuffled.
///
/// - Shapes: prediction and target alike, `[batch]` or `[batch, 1]`; groups `[batch]` of Int64. Works on `[batch, batch]`.
/// - Source: Burges et al. 2005, ICML, §3 (RankNet); Cao et al. 2007, ICML, §4.2 (ListNet, top one).
public struct RankingLoss: Loss {
  public enum Form: Sendable, Hashable, Codable {
    case pairwise, listwise
  }

  /// The value that holds the scores.
  public var prediction: String
  /// The input that holds what they are to be ordered by; added to the graph.
  public var target: String
  /// The input that holds the group of each row, added to the graph; nil where a batch is one group.
  public var groups: String?
  public var form: Form
  /// σ, above 0: how sharply scores (and, listwise, targets) are told apart.
  public var sharpness: Double

  public init(
    prediction: String, target: String = "target", groups: String? = nil, form: Form = .pairwise, sharpness: Double = 1
  ) {
    self.prediction = prediction
    self.target = target
    self.groups = groups
    self.form = form
    self.sharpness = sharpness
  }

  public var mixesRows: Bool { true }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: prediction)
    guard type.rank == 1 || type.rank == 2 && type.dimensions[1] == 1 else {
      throw TrainingError("loss-input", subject: "value '\(prediction)'", expected: "scores [batch] or [batch, 1]", found: "\(type)")
    }
    guard sharpness > 0, sharpness.isFinite else {
      throw TrainingError("sharpness", subject: "ranking's σ", expected: "a positive number", found: "\(sharpness)", category: .usage)
    }
    let target = try builder.requiredInput(target, type)
    let all = try builder.constant(Tensor([Int64(-1)]), named: "shape")
    let scores = try builder.scaled(builder.apply("Reshape", [prediction, all]), by: sharpness)
    let targets = try builder.apply("Reshape", [target, all])
    let rows = try builder.type(of: targets).dimensions[0]
    let members = try self.members(rows, like: targets, &builder)
    return switch form {
    case .pairwise: try pairwise(scores, targets, members, &builder)
    case .listwise: try listwise(scores, builder.scaled(targets, by: sharpness), members, &builder)
    }
  }

  /// Whether two rows are of one group, `[batch, batch]` of bool.
  private func members(_ rows: Dimension, like targets: String, _ builder: inout GraphBuilder) throws -> String {
    let group =
      if let groups { try builder.requiredInput(groups, ValueType(.int64, [rows])) } else {
        try builder.ones(forRowsOf: targets)
      }
    return try builder.apply("Equal", [builder.unsqueezed(group, axis: 1), builder.unsqueezed(group, axis: 0)])
  }

  private func float(_ condition: String, like value: String, _ builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: value).elementType
    return try builder.apply("Cast", [condition], attributes: ["to": .int(type.onnxDataType)])
  }

  private func pairwise(
    _ scores: String, _ targets: String, _ members: String, _ builder: inout GraphBuilder
  ) throws -> String {
    let higher = try builder.apply("Greater", [builder.unsqueezed(targets, axis: 1), builder.unsqueezed(targets, axis: 0)])
    let pairs = try float(builder.apply("And", [higher, members]), like: targets, &builder)
    // The pairs in the group of each row, [batch, 1].
    let wins = try builder.sum(pairs, along: builder.axes(1), keeps: true)
    let sizes = try builder.apply("MatMul", [float(members, like: targets, &builder), wins])
    // Of each group the weights add up to 1, and all of them to the number of groups.
    let weights = try builder.quotient(pairs, builder.atLeast(1, sizes))
    let groups = try builder.atLeast(1, builder.total(weights))
    let behind = try builder.difference(of: builder.unsqueezed(scores, axis: 0), and: builder.unsqueezed(scores, axis: 1))
    let losses = try builder.apply("Softplus", [behind])
    return try builder.quotient(builder.total(builder.product(weights, losses)), groups)
  }

  private func listwise(
    _ scores: String, _ targets: String, _ members: String, _ builder: inout GraphBuilder
  ) throws -> String {
    // A row of the matrix holds the numbers of the row's group; what is far below them has no weight.
    let absent = try builder.number(-1e30, like: targets)
    func grouped(_ values: String) throws -> String {
      try builder.apply("Where", [members, builder.unsqueezed(values, axis: 0), absent])
    }
    let wanted = try builder.apply("Softmax", [grouped(targets)])
    let found = try builder.apply("LogSoftmax", [grouped(scores)])
    let entropies = try builder.sum(builder.product(wanted, found), along: builder.axes(1))
    // Every member of a group has the group's loss, and one of a group of one counts for nothing.
    let sizes = try builder.sum(float(members, like: targets, &builder), along: builder.axes(1))
    let several = try float(builder.apply("Greater", [sizes, builder.number(1, like: sizes)]), like: targets, &builder)
    let weights = try builder.quotient(several, sizes)
    let groups = try builder.atLeast(1, builder.total(weights))
    return try builder.quotient(builder.scaled(builder.total(builder.product(weights, entropies)), by: -1), groups)
  }
}
