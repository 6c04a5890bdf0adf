import PareGraph
import PareTensor

/// Where a student's activations are strong, its teacher's are to be: `mean_i ‖a(S_i) − a(T_i)‖²` with a row's attention
/// `a(A) = q / ‖q‖`, `q = Σ_c A_c²` over channels, one number per position.
///
/// The squared distance of the authors' code, which unlike the paper's has a gradient where the two agree; the paper's
/// β/2 is the term's weight.
///
/// - Shapes: student `[batch, …]` with its channels along an axis; the teacher's input likewise, with channels of another
///   number and the same positions, in their order.
/// - Bound: `0 ... 2`.
/// - Source: Zagoruyko and Komodakis 2017, arXiv:1612.03928, §3.1, eq. 2 with p = 2.
public struct AttentionTransfer: Loss {
  /// The value that holds the student's activations.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  /// Channels of the teacher.
  public var teacherChannels: Int
  /// The axis of channels, counted from the end where negative: 1 for convolutions, −1 for `[batch, steps, channels]`.
  public var axis: Int

  public init(student: String, teacher: String = "teacherHidden", teacherChannels: Int, axis: Int = 1) {
    self.student = student
    self.teacher = teacher
    self.teacherChannels = teacherChannels
    self.axis = axis
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: student)
    let axis = axis < 0 ? axis + type.rank : axis
    var extents = type.dimensions.dropFirst().compactMap(\.fixedValue)
    guard type.rank > 2, (1..<type.rank).contains(axis), extents.count == type.rank - 1 else {
      throw TrainingError(
        "loss-input", subject: "value '\(student)'", expected: "rows with channels along axis \(self.axis) and positions",
        found: "\(type)")
    }
    extents[axis - 1] = teacherChannels
    let teacher = try builder.teacherInput(teacher, extents: extents, rowsOf: student)
    func attention(_ value: String) throws -> String {
      let powers = try builder.sum(builder.product(value, value), along: builder.axes(axis))
      let positions = try builder.flattenedRows(powers)
      let square = try builder.sum(builder.product(positions, positions), along: builder.axes(1), keeps: true)
      return try builder.quotient(positions, builder.apply("Sqrt", [builder.atLeast(1e-24, square)]))
    }
    let difference = try builder.difference(of: attention(student), and: attention(teacher))
    return try builder.mean(builder.rowSums(builder.product(difference, difference)))
  }
}
