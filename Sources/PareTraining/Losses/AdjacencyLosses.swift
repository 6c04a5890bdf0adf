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

  /// `[batch, steps, symbols, symbols]` of the student and of the teacher.
  fileprivate func products(_ builder: inout GraphBuilder) throws -> (student: String, teacher: String) {
    let own = try builder.type(of: loading)
    guard own.rank == 4, try builder.type(of: share).rank == 4 else {
      throw TrainingError("loss-input", subject: "value '\(loading)'", expected: "loadings [batch, steps, symbols, rank]", found: "\(own)")
    }
    let (places, rank) = (Array(own.dimensions.dropLast()), Dimension.fixed(teacherRank))
    let p = try builder.requiredInput(teacherLoading, ValueType(own.elementType, places + [rank]))
    let q = try builder.requiredInput(teacherShare, ValueType(own.elementType, Array(places.dropLast()) + [rank, places[2]]))
    return (try builder.apply("MatMul", [loading, share]), try builder.apply("MatMul", [p, q]))
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
    let (student, teacher) = try values.products(&builder)
    func logarithm(_ value: String) throws -> String { try builder.apply("Log", [builder.atLeast(1e-9, value)]) }
    let surprise = try builder.difference(of: logarithm(teacher), and: logarithm(student))
    let rows = try builder.sum(builder.product(teacher, surprise), along: builder.axes(-1))
    return try builder.meanOfPresent(rows, values.mask)
  }
}

/// How the graph changes from a day to the next is to be how the teacher's changes: with `D = A_t − A_(t−1)`, the mean over rows of
/// `‖D_student − D_teacher‖² / ‖D_teacher‖²` over all their days, 1 for a graph that stays as it is.
///
/// Works on symbols² numbers a day.
public struct AdjacencyChange: Loss {
  public var values: AdjacencyValues

  public init(_ values: AdjacencyValues) {
    self.values = values
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let (student, teacher) = try values.products(&builder)
    func changes(_ value: String) throws -> String {
      func part(_ start: Int64, _ end: Int64) throws -> String {
        let bounds = try [start, end, 1].map { try builder.constant(Tensor([$0]), named: "bound") }
        return try builder.apply("Slice", [value] + bounds)
      }
      return try builder.difference(of: part(1, .max), and: part(0, -1))
    }
    func total(_ value: String) throws -> String { try builder.sum(builder.product(value, value), along: builder.axes(1, 2, 3)) }
    let wanted = try changes(teacher)
    let error = try total(builder.difference(of: changes(student), and: wanted))
    return try builder.mean(builder.quotient(error, builder.shifted(total(wanted), by: 1e-12)))
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
