import PareGraph

/// How a student's state moves is to be how its teacher's does: the mean over steps of `‖Δh_s · M − Δh_t‖²` with
/// `Δh = h_t − h_{t−1}` and a learned map M, which is left behind.
///
/// The first step of a chunk has no step before it there and counts for nothing.
///
/// - Shapes: student `[streams, steps, S]`, as `SequenceForm.states`; the teacher's input `[streams, steps, T]`, one row for
///   each row of the series; M `[S, T]`.
public struct StateEvolutionLoss: Loss {
  /// The value that holds the student's states.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  /// Units of the teacher.
  public var teacherWidth: Int
  /// Decides the first values of the map.
  public var seed: UInt64

  public init(
    student: String = "sequence.states", teacher: String = "teacherStates", teacherWidth: Int, seed: UInt64 = 0
  ) {
    self.student = student
    self.teacher = teacher
    self.teacherWidth = teacherWidth
    self.seed = seed
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: student)
    guard type.rank == 3, let steps = type.dimensions[1].fixedValue, steps > 1 else {
      throw TrainingError("loss-input", subject: "value '\(student)'", expected: "[streams, steps, units], two steps or more", found: "\(type)")
    }
    let teacher = try builder.teacherInput(teacher, extents: [steps, teacherWidth], rowsOf: student)
    let map = try builder.learnedMap("evolution.map", rows: builder.width(of: student), columns: teacherWidth, seed: seed)
    func range(_ value: String, _ bounds: Range<Int>) throws -> String {
      try builder.apply("Slice", [value, builder.axes(bounds.lowerBound), builder.axes(bounds.upperBound), builder.axes(1)])
    }
    func change(_ value: String) throws -> String {
      try builder.difference(of: range(value, 1..<steps), and: range(value, 0..<steps - 1))
    }
    let difference = try builder.difference(of: builder.apply("MatMul", [change(student), map]), and: change(teacher))
    return try builder.mean(builder.rowSums(builder.product(difference, difference)))
  }
}
