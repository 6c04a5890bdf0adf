import PareGraph

/// A student's hidden value, mapped linearly, is to be the teacher's: the mean of `(s·M − t)²` over all elements.
///
/// The map `M` is learned with the student, on which it may be that the two have different widths, and left behind: the
/// trained graph has the model's parameters alone.
///
/// - Shapes: student `[batch, …]` and the teacher's input `[batch, …]`, alike but for the extent along `axis`, S and T there;
///   M `[S, T]`, the same at every other position.
/// - Source: Romero et al. 2015, arXiv:1412.6550, §2.2; for convolutions the map is one over channels, of width 1.
public struct HintLoss: Loss {
  /// The value that holds the student's.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  /// The teacher's extent along the axis.
  public var teacherWidth: Int
  /// The axis that is mapped, counted from the end where negative; 1 for channels of a convolution.
  public var axis: Int
  /// Decides the first values of the map.
  public var seed: UInt64

  public init(
    student: String, teacher: String = "teacherHidden", teacherWidth: Int, axis: Int = -1, seed: UInt64 = 0
  ) {
    self.student = student
    self.teacher = teacher
    self.teacherWidth = teacherWidth
    self.axis = axis
    self.seed = seed
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let type = try builder.type(of: student)
    let axis = axis < 0 ? axis + type.rank : axis
    var extents = type.dimensions.compactMap(\.fixedValue)
    if type.dimensions.first?.fixedValue == nil { extents.insert(0, at: 0) }
    guard (1..<max(type.rank, 1)).contains(axis), extents.count == type.rank else {
      throw TrainingError(
        "loss-input", subject: "value '\(student)'", expected: "rows of known extents, and axis \(self.axis) behind them",
        found: "\(type)")
    }
    let map = try builder.learnedMap("hint.map", rows: extents[axis], columns: teacherWidth, seed: seed)
    extents[axis] = teacherWidth
    let teacher = try builder.teacherInput(teacher, extents: Array(extents.dropFirst()), rowsOf: student)
    func last(_ value: String) throws -> String {
      guard axis != type.rank - 1 else { return value }
      let order = (0..<type.rank).filter { $0 != axis } + [axis]
      return try builder.apply("Transpose", [value], attributes: ["perm": .ints(order)])
    }
    let mapped = try builder.apply("MatMul", [last(student), map])
    let difference = try builder.difference(of: mapped, and: last(teacher))
    return try builder.mean(builder.product(difference, difference))
  }
}
