import PareGraph
import PareTensor

/// Relations between the rows of a batch that a student takes over from its teacher, whatever the widths of the two:
/// `w_D · L_D + w_A · L_A`.
///
/// - Distances: `L_D` is the mean, over the pairs i ≠ j, of Huber's function (δ = 1) of `‖sᵢ − sⱼ‖/μ_s − ‖tᵢ − tⱼ‖/μ_t`,
///   each μ the mean distance within the batch.
/// - Angles: `L_A` is the mean of Huber's function of `cos ∠(j, i, k)_s − cos ∠(j, i, k)_t` with i as vertex. Of the triples
///   each row takes those with the `neighbours` rows that follow it, the batch taken as a ring: with one less than a batch
///   all triples, as in the paper, and otherwise, rows being shuffled, a sample that costs less than cubic time.
///
/// - Shapes: student `[batch, …]`, the teacher's input `[batch, width]`; both are flattened.
/// - Source: Park et al. 2019, arXiv:1904.05068, §3.2, with its code's weights of 1 to 2.
public struct RelationLoss: Loss {
  /// The value that holds the student's representation.
  public var student: String
  /// The input that holds the teacher's; added to the graph.
  public var teacher: String
  /// Its width.
  public var teacherWidth: Int
  /// w_D, at least 0.
  public var distanceWeight: Double
  /// w_A, at least 0.
  public var angleWeight: Double
  /// Rows behind each that make angles with it, at least 2.
  public var neighbours: Int

  public init(
    student: String, teacher: String = "teacherHidden", teacherWidth: Int, distanceWeight: Double = 1,
    angleWeight: Double = 2, neighbours: Int = 8
  ) {
    self.student = student
    self.teacher = teacher
    self.teacherWidth = teacherWidth
    self.distanceWeight = distanceWeight
    self.angleWeight = angleWeight
    self.neighbours = neighbours
  }

  public var mixesRows: Bool { true }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard distanceWeight >= 0, angleWeight >= 0, distanceWeight + angleWeight > 0, (distanceWeight + angleWeight).isFinite else {
      throw TrainingError(
        "relation-weights", subject: "relation loss", expected: "weights of at least 0, one above",
        found: "\(distanceWeight) and \(angleWeight)", category: .usage)
    }
    guard (2...64).contains(neighbours) else {
      throw TrainingError("neighbours", subject: "relation loss", expected: "2 ... 64 neighbours", found: "\(neighbours)", category: .usage)
    }
    let teacher = try builder.teacherInput(teacher, extents: [teacherWidth], rowsOf: student)
    let ones = try builder.ones(forRowsOf: teacher)
    let count = try builder.total(ones)
    let student = try builder.flattenedRows(student)
    var terms: [String] = []
    if distanceWeight > 0 {
      let pairs = try builder.product(count, builder.atLeast(1, builder.shifted(count, by: -1)))
      let difference = try builder.difference(
        of: distances(student, pairs, &builder), and: distances(teacher, pairs, &builder))
      let mean = try builder.quotient(builder.total(builder.huber(difference)), pairs)
      terms.append(try builder.scaled(mean, by: distanceWeight))
    }
    if angleWeight > 0 {
      let places = try followers(ones, count, &builder)
      let difference = try builder.difference(of: angles(student, places, &builder), and: angles(teacher, places, &builder))
      // The diagonals are no angles, and equal.
      let share = Double(neighbours) / Double(neighbours - 1)
      terms.append(try builder.scaled(builder.mean(builder.huber(difference)), by: angleWeight * share))
    }
    return terms.count == 2 ? try builder.apply("Add", terms) : terms[0]
  }

  /// Distances between all rows over their mean, `[batch, batch]`, 0 on the diagonal, where no gradient flows.
  private func distances(_ value: String, _ pairs: String, _ builder: inout GraphBuilder) throws -> String {
    // ‖a‖² + ‖b‖² − 2ab loses least where numbers are small.
    let centred = try builder.difference(of: value, and: builder.mean(value, along: builder.axes(0), keeps: true))
    let products = try builder.rowProducts(centred, centred)
    let squares = try builder.sum(builder.product(centred, centred), along: builder.axes(1))
    let sums = try builder.apply("Add", [builder.unsqueezed(squares, axis: 1), builder.unsqueezed(squares, axis: 0)])
    let squared = try builder.difference(of: sums, and: builder.scaled(products, by: 2))
    let diagonal = try builder.apply("EyeLike", [squared])
    let lengths = try builder.apply("Sqrt", [builder.atLeast(1e-12, builder.apply("Add", [squared, diagonal]))])
    let others = try builder.difference(of: builder.number(1, like: diagonal), and: diagonal)
    let distances = try builder.product(lengths, others)
    let mean = try builder.quotient(builder.total(distances), pairs)
    return try builder.quotient(distances, builder.atLeast(1e-12, mean))
  }

  /// The places of the rows that follow each, `[batch]` of Int64 for each distance.
  private func followers(_ ones: String, _ count: String, _ builder: inout GraphBuilder) throws -> [String] {
    func whole(_ value: String) throws -> String {
      try builder.apply("Cast", [value], attributes: ["to": .int(ElementType.int64.onnxDataType)])
    }
    let axis = try builder.constant(Tensor(scalar: Int64(0)), named: "axis")
    let places = try whole(builder.apply("CumSum", [ones, axis], attributes: ["exclusive": .int(1)]))
    let rows = try whole(count)
    return try (1...neighbours).map { distance in
      let place = try builder.apply("Add", [places, builder.constant(Tensor(scalar: Int64(distance)), named: "distance")])
      return try builder.apply("Mod", [place, rows])
    }
  }

  /// Cosines between the directions from each row to those at `places`, `[batch, neighbours, neighbours]`; 0 where a row
  /// lies on another.
  private func angles(_ value: String, _ places: [String], _ builder: inout GraphBuilder) throws -> String {
    let directions = try places.map { place in
      try builder.unsqueezed(builder.difference(of: builder.apply("Gather", [value, place]), and: value), axis: 1)
    }
    let all = try builder.apply("Concat", directions, attributes: ["axis": .int(1)])
    let squares = try builder.sum(builder.product(all, all), along: builder.axes(2), keeps: true)
    let units = try builder.quotient(all, builder.apply("Sqrt", [builder.atLeast(1e-12, squares)]))
    let turned = try builder.apply("Transpose", [units], attributes: ["perm": .ints([0, 2, 1])])
    return try builder.apply("MatMul", [units, turned])
  }
}
