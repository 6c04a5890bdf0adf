import PareGraph
import PareTensor

/// A graph between the symbols of a day as the product of two factors: `A = P · Qᵀ`, rows adding up to 1.
///
/// - Shapes: P `[batch, steps, symbols, rank]`, Qᵀ `[batch, steps, rank, symbols]`; the teacher's may be of another rank.
public struct AdjacencyValues: Sendable, Hashable {
  /// The values that hold the student's P and Qᵀ.
  public var loading: String
  public var share: String
  /// The inputs that hold the teacher's; added to the graph.
  public var teacherLoading: String
  public var teacherShare: String
  public var teacherRank: Int
  /// The input that says which symbols are there.
  public var mask: String

  public init(
    loading: String = "loading", share: String = "share", teacherLoading: String = "teacher.loading", teacherShare: String = "teacher.share",
    teacherRank: Int, mask: String = "mask"
  ) {
    (self.loading, self.share, self.teacherRank, self.mask) = (loading, share, teacherRank, mask)
    (self.teacherLoading, self.teacherShare) = (teacherLoading, teacherShare)
  }

  /// P and Qᵀ.
  fileprivate typealias Factors = (loading: String, share: String)

  fileprivate func factors(_ builder: inout GraphBuilder) throws -> (student: Factors, teacher: Factors) {
    let own = try builder.type(of: loading)
    guard own.rank == 4, try builder.type(of: share).rank == 4 else {
      throw TrainingError("loss-input", subject: "value '\(loading)'", expected: "loadings [batch, steps, symbols, rank]", found: "\(own)")
    }
    let (places, rank) = (Array(own.dimensions.dropLast()), Dimension.fixed(teacherRank))
    let p = try builder.requiredInput(teacherLoading, ValueType(own.elementType, places + [rank]))
    let q = try builder.requiredInput(teacherShare, ValueType(own.elementType, Array(places.dropLast()) + [rank, places[2]]))
    return ((loading, share), (p, q))
  }
}

/// Whom a symbol hears is to be whom it hears in the teacher's graph: the mean, over days and the symbols that are there, of
/// `KL(A_teacher(i, ·) ‖ A_student(i, ·))`.
///
/// Logarithms are of weights not below 10⁻⁹, so that what the teacher gives no weight counts for nothing. Works on symbols² numbers a day.
///
/// - Bound: at least 0 but for rounding.
public struct AdjacencyDivergence: Loss {
  public var values: AdjacencyValues

  public init(_ values: AdjacencyValues) {
    self.values = values
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let (student, teacher) = try values.factors(&builder)
    let wanted = try builder.apply("MatMul", [teacher.loading, teacher.share])
    let own = try builder.apply("MatMul", [student.loading, student.share])
    func logarithm(_ value: String) throws -> String { try builder.apply("Log", [builder.atLeast(1e-9, value)]) }
    let surprise = try builder.difference(of: logarithm(wanted), and: logarithm(own))
    let rows = try builder.sum(builder.product(wanted, surprise), along: builder.axes(-1))
    return try builder.meanOfPresent(rows, values.mask)
  }
}

/// How the graph changes from a day to the next is to be how the teacher's changes: with `D = A_t − A_(t−1)`, the mean over rows of
/// `‖D_student − D_teacher‖² / ‖D_teacher‖²` over all their days, 1 for a graph that stays as it is.
///
/// As `D = (P_t − P_(t−1))·Q_tᵀ + P_(t−1)·(Q_t − Q_(t−1))ᵀ` is a product U·V of few columns and rows, and `‖UV‖² = Σ (UᵀU ⊙ VVᵀ)`, work grows
/// linearly with the symbols.
public struct AdjacencyChange: Loss {
  public var values: AdjacencyValues

  public init(_ values: AdjacencyValues) {
    self.values = values
  }

  /// Matrices `[batch, steps − 1, symbols, k]` and `[batch, steps − 1, k, symbols]` whose product is meant.
  private typealias Product = (columns: [String], rows: [String])

  public func append(to builder: inout GraphBuilder) throws -> String {
    let (student, teacher) = try values.factors(&builder)
    let (own, wanted) = (try changes(student, &builder), try changes(teacher, &builder))
    let negative = try wanted.columns.map { try builder.apply("Neg", [$0]) }
    let error = try squares((own.columns + negative, own.rows + wanted.rows), &builder)
    return try builder.mean(builder.quotient(error, builder.shifted(squares(wanted, &builder), by: 1e-12)))
  }

  private func changes(_ factors: AdjacencyValues.Factors, _ builder: inout GraphBuilder) throws -> Product {
    func part(_ value: String, _ start: Int64, _ end: Int64) throws -> String {
      let bounds = try [start, end, 1].map { try builder.constant(Tensor([$0]), named: "bound") }
      return try builder.apply("Slice", [value] + bounds)
    }
    let (p, q) = (try part(factors.loading, 1, .max), try part(factors.share, 1, .max))
    let (before, shareBefore) = (try part(factors.loading, 0, -1), try part(factors.share, 0, -1))
    return ([try builder.difference(of: p, and: before), before], [q, try builder.difference(of: q, and: shareBefore)])
  }

  /// The sum of the squares of a product's numbers, for each row of the batch.
  private func squares(_ product: Product, _ builder: inout GraphBuilder) throws -> String {
    func turned(_ value: String) throws -> String { try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 1, 3, 2])]) }
    let u = try builder.apply("Concat", product.columns, attributes: ["axis": .int(3)])
    let v = try builder.apply("Concat", product.rows, attributes: ["axis": .int(2)])
    let (left, right) = (try builder.apply("MatMul", [turned(u), u]), try builder.apply("MatMul", [v, turned(v)]))
    return try builder.sum(builder.product(left, right), along: builder.axes(1, 2, 3))
  }
}

/// How alike two symbols are is to be how alike they are to the teacher: the mean, over days and pairs of symbols that are there, of the
/// squared difference of the cosines between their embeddings.
///
/// Computed as `‖SᵀS‖² + ‖TᵀT‖² − 2‖SᵀT‖²` of the unit vectors S and T, so that work grows linearly with the symbols.
///
/// - Shapes: the student's value `[batch, steps, symbols, width]`, the teacher's input of a width of its own.
/// - Source: the relation of Park et al. 2019, arXiv:1904.05068, with cosines in the place of distances.
public struct EmbeddingRelations: Loss {
  /// The value that holds the student's embeddings.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  public var teacherWidth: Int
  /// The input that says which symbols are there.
  public var mask: String

  public init(student: String = "embedding", teacher: String = "teacher.embedding", teacherWidth: Int, mask: String = "mask") {
    (self.student, self.teacher, self.teacherWidth, self.mask) = (student, teacher, teacherWidth, mask)
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let own = try builder.type(of: student)
    guard own.rank == 4 else {
      throw TrainingError("loss-input", subject: "value '\(student)'", expected: "embeddings [batch, steps, symbols, width]", found: "\(own)")
    }
    let type = ValueType(own.elementType, own.dimensions.dropLast() + [.fixed(teacherWidth)])
    let teacher = try builder.requiredInput(teacher, type)
    let mask = try builder.requiredInput(mask, ValueType(own.elementType, Array(own.dimensions.dropLast())))
    let present = try builder.apply("Unsqueeze", [mask, builder.axes(3)])
    func unit(_ value: String) throws -> String {
      let square = try builder.sum(builder.product(value, value), along: builder.axes(-1), keeps: true)
      let length = try builder.apply("Sqrt", [builder.shifted(square, by: 1e-12)])
      return try builder.product(builder.quotient(value, length), present)
    }
    func likeness(_ left: String, _ right: String) throws -> String {
      let turned = try builder.apply("Transpose", [left], attributes: ["perm": .ints([0, 1, 3, 2])])
      let product = try builder.apply("MatMul", [turned, right])
      return try builder.sum(builder.product(product, product), along: builder.axes(2, 3))
    }
    let (s, t) = (try unit(student), try unit(teacher))
    let both = try builder.apply("Add", [likeness(s, s), likeness(t, t)])
    let error = try builder.difference(of: both, and: builder.scaled(likeness(s, t), by: 2))
    let count = try builder.atLeast(1, builder.sum(mask, along: builder.axes(-1)))
    return try builder.mean(builder.quotient(error, builder.product(count, count)))
  }
}

extension GraphBuilder {
  /// The mean, over days, of the mean over the symbols that are there; 0 for a day without any.
  ///
  /// - Parameters:
  ///   - value: `[batch, steps, symbols]`.
  ///   - mask: the name of an input of the same shape, added where the graph lacks it.
  mutating func meanOfPresent(_ value: String, _ mask: String) throws -> String {
    let mask = try requiredInput(mask, type(of: value))
    let count = try atLeast(1, sum(mask, along: axes(-1)))
    return try mean(quotient(sum(product(value, mask), along: axes(-1)), count))
  }
}
