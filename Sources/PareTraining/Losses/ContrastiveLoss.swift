import PareGraph
import PareTensor

/// A student's representation of a row is to be told from the others of the batch by the teacher's of the same row:
/// `−mean_i log softmax_j(z_i · u_j / τ)_i` with unit vectors `z = s·A/‖s·A‖`, `u = t·B/‖t·B‖` and learned maps A and B.
///
/// The other rows of the batch are the negatives, so that the loss lies between 0 and about the logarithm of the batch's
/// size; the paper draws its negatives from a memory of all rows.
///
/// - Shapes: student `[batch, …]`, flattened; the teacher's input `[batch, width]`; A and B with `width` columns.
/// - Source: Tian, Krishnan and Isola 2020, arXiv:1910.10699, §3; van den Oord et al. 2018, arXiv:1807.03748, eq. 4.
public struct ContrastiveLoss: Loss {
  /// The value that holds the student's representation.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  /// Its width.
  public var teacherWidth: Int
  /// Extent of the space in which the two meet.
  public var width: Int
  /// τ, above 0.
  public var temperature: Double
  /// Decides the first values of both maps.
  public var seed: UInt64

  public init(
    student: String, teacher: String = "teacherHidden", teacherWidth: Int, width: Int = 32, temperature: Double = 0.1,
    seed: UInt64 = 0
  ) {
    self.student = student
    self.teacher = teacher
    self.teacherWidth = teacherWidth
    self.width = width
    self.temperature = temperature
    self.seed = seed
  }

  public var mixesRows: Bool { true }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard temperature > 0, temperature.isFinite else {
      throw TrainingError(
        "temperature", subject: "temperature", expected: "a positive number", found: "\(temperature)", category: .usage)
    }
    guard width > 0 else {
      throw TrainingError("width", subject: "contrastive loss", expected: "a positive width", found: "\(width)", category: .usage)
    }
    let teacher = try builder.teacherInput(teacher, extents: [teacherWidth], rowsOf: student)
    let student = try builder.flattenedRows(student)
    func unit(_ value: String, _ stem: String) throws -> String {
      let map = try builder.learnedMap(stem, rows: builder.width(of: value), columns: width, seed: seed)
      let projected = try builder.apply("MatMul", [value, map])
      let square = try builder.sum(builder.product(projected, projected), along: builder.axes(1), keeps: true)
      return try builder.quotient(projected, builder.apply("Sqrt", [builder.atLeast(1e-12, square)]))
    }
    let likeness = try builder.rowProducts(unit(student, "contrast.student"), unit(teacher, "contrast.teacher"))
    let scores = try builder.scaled(likeness, by: 1 / temperature)
    let axis = try builder.constant(Tensor(scalar: Int64(0)), named: "axis")
    let places = try builder.apply("CumSum", [builder.ones(forRowsOf: teacher), axis], attributes: ["exclusive": .int(1)])
    let own = try builder.apply("Cast", [places], attributes: ["to": .int(ElementType.int64.onnxDataType)])
    return try builder.apply("SoftmaxCrossEntropyLoss", [scores, own], attributes: ["reduction": .string("mean")])
  }
}
