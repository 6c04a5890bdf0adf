import PareGraph
import PareTensor

/// What losses that compare the rows of a batch with each other are built from.
extension GraphBuilder {
  /// A number as a scalar of a value's element type.
  mutating func number(_ number: Double, like value: String) throws -> String {
    try constant(Tensor.filled(number, type(of: value).elementType, shape: []), named: "number")
  }

  /// `value` plus a number.
  mutating func shifted(_ value: String, by number: Double) throws -> String {
    try apply("Add", [value, self.number(number, like: value)])
  }

  /// `value`, but nowhere below `bound`; where it is, no gradient flows.
  mutating func atLeast(_ bound: Double, _ value: String) throws -> String {
    try apply("Clip", [value, number(bound, like: value)])
  }

  mutating func product(_ left: String, _ right: String) throws -> String { try apply("Mul", [left, right]) }
  mutating func difference(of left: String, and right: String) throws -> String { try apply("Sub", [left, right]) }
  mutating func quotient(_ left: String, _ right: String) throws -> String { try apply("Div", [left, right]) }

  /// `[batch, …]` → `[batch, width]`.
  mutating func flattenedRows(_ value: String) throws -> String {
    try apply("Flatten", [value], attributes: ["axis": .int(1)])
  }

  /// `[batch]` → `[batch, 1]` for axis 1, `[1, batch]` for axis 0.
  mutating func unsqueezed(_ value: String, axis: Int) throws -> String {
    try apply("Unsqueeze", [value, axes(axis)])
  }

  mutating func axes(_ axes: Int...) throws -> String {
    try constant(Tensor(axes.map { Int64($0) }), named: "axes")
  }

  /// A sum along some axes, which go unless they are kept.
  mutating func sum(_ value: String, along axes: String, keeps: Bool = false) throws -> String {
    try apply("ReduceSum", [value, axes], attributes: ["keepdims": .int(keeps ? 1 : 0)])
  }

  /// A mean along some axes, which go unless they are kept.
  mutating func mean(_ value: String, along axes: String, keeps: Bool = false) throws -> String {
    try apply("ReduceMean", [value, axes], attributes: ["keepdims": .int(keeps ? 1 : 0)])
  }

  /// The sum over all elements, as a scalar.
  mutating func total(_ value: String) throws -> String {
    try apply("ReduceSum", [value], attributes: ["keepdims": .int(0)])
  }

  /// The value as if it were a constant: no gradient flows through it.
  mutating func detached(_ value: String) throws -> String {
    try apply(ReverseGradient.name, [value, number(0, like: value)])
  }

  /// 1 for each row, `[batch]`.
  ///
  /// - Parameter value: `[batch, …]`, best one that training does not change.
  mutating func ones(forRowsOf value: String) throws -> String {
    let zeros = try apply("pare.ZerosLike", [flattenedRows(value)])
    return try shifted(sum(zeros, along: axes(1)), by: 1)
  }

  /// The matrix products of all pairs of rows: `[batch, width]` and `[batch, width]` → `[batch, batch]`.
  mutating func rowProducts(_ left: String, _ right: String) throws -> String {
    try apply("MatMul", [left, apply("Transpose", [right], attributes: ["perm": .ints([1, 0])])])
  }

  /// An input of a teacher's, `[batch, extents…]` with a value's rows and element type, added where the graph lacks it.
  ///
  /// - Throws: `training.loss-input` for a value without rows or an extent that is not positive.
  mutating func teacherInput(_ name: String, extents: [Int], rowsOf value: String) throws -> String {
    let type = try type(of: value)
    guard let rows = type.dimensions.first, extents.allSatisfy({ $0 > 0 }) else {
      throw TrainingError(
        "loss-input", subject: "input '\(name)'", expected: "positive extents, for a value with rows",
        found: "\(extents) for '\(value)': \(type)", category: .usage)
    }
    return try requiredInput(name, ValueType(type.elementType, [rows] + extents.map(Dimension.fixed)))
  }

  /// The last extent of a value.
  ///
  /// - Throws: `training.loss-input` where it is not known.
  func width(of value: String) throws -> Int {
    let type = try type(of: value)
    guard type.rank > 1, let width = type.dimensions.last?.fixedValue, width > 0 else {
      throw TrainingError("loss-input", subject: "value '\(value)'", expected: "[batch, …, width], the width known", found: "\(type)")
    }
    return width
  }

  /// A trainable matrix under a fresh name, drawn uniformly within `±√(6 / (rows + columns))` under a seed.
  ///
  /// - Source: Glorot and Bengio 2010, AISTATS, §4.2.
  mutating func learnedMap(_ stem: String, rows: Int, columns: Int, seed: UInt64) throws -> String {
    let name = freshValueName(stem)
    var generator = SeededGenerator(seed: seed, stream: name)
    let limit = (6 / Double(rows + columns)).squareRoot()
    let weights = (0..<rows * columns).map { _ in Float((generator.uniform() * 2 - 1) * limit) }
    return try parameter(name, Tensor(weights, shape: [rows, columns]), isTrainable: true)
  }

  /// Huber's function with δ = 1 of each difference: `d²/2` where `|d| ≤ 1`, else `|d| − 1/2`.
  mutating func huber(_ difference: String) throws -> String {
    let clipped = try apply("Clip", [difference, number(-1, like: difference), number(1, like: difference)])
    return try product(clipped, self.difference(of: difference, and: scaled(clipped, by: 0.5)))
  }
}
