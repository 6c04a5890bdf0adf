import PareGraph
import PareLinearAlgebra
import PareTensor

/// First weights of a smaller Stock State Space Graph from those of a larger one.
///
/// The embedding is seen along the `m` directions that carry most of its first layer: the rows of `R [m, d]` are the first singular vectors
/// of `W [features, d]` on the side of the embedding, each turned so that it is mostly positive. What reads an embedding is read through R
/// (`R · W`), what is added to one is seen along R (`W · Rᵀ`), and factors by number are the mean of those of the numbers that a direction
/// is made of, by its squares. Of factors, states and channels of memory those stay whose weights are largest. An embedding of the teacher's
/// own width is seen as it is, and a compact student gets what of the teacher's messages concerns the score: of the same numbers of
/// everything it is the teacher.
///
/// - Source: Eckart and Young 1936, doi:10.1007/BF02288367, for the directions; what Relu does is left out.
struct StateSpaceTruncation {
  let teacher: Graph

  /// Whether a graph is of this kind.
  static func concerns(_ graph: Graph) -> Bool {
    graph.parameters["embed.weight"] != nil && graph.parameters["score.weight"] != nil
  }

  /// Whether symbols send each other numbers of the score.
  private static func isCompact(_ graph: Graph) -> Bool {
    graph.parameters["factor.gain"] == nil && (graph.parameters["hear.weight"] != nil || graph.parameters["recall.weight"]?.storage.shape[1] == 1)
  }

  /// The student with first weights of the teacher.
  ///
  /// - Returns: nil where the two do not fit: other features, a part that the teacher lacks, or more of something than the teacher has.
  /// - Throws: `LinearAlgebraError` where no library is there.
  func applied(to student: Graph) throws -> Graph? {
    guard let from = Matrix(teacher, "embed.weight"), let to = Matrix(student, "embed.weight"), from.rows == to.rows, to.columns <= from.columns
    else { return nil }
    let directions = try directions(of: from, count: to.columns)
    var weights = Weights(teacher: teacher, student: student, directions: directions)
    weights.put("embed.weight") { $0.times(directions.transposed) }
    weights.put("embed.bias") { $0.times(directions.transposed) }
    for side in ["loading", "share", "memory"] {
      weights.put("\(side).factors.weight") { directions.times($0) }
    }
    for gate in ["scan.input", "scan.output"] { weights.put("\(gate).weight") { directions.times($0) } }
    if Self.isCompact(student) {
      let message = Self.isCompact(teacher) ? nil : Matrix(teacher, "score.weight")
      weights.put("recall.weight") { recall in message.map { recall.times($0) } ?? recall }
      weights.put("hear.weight") { hear in
        guard let message, let gain = Matrix(teacher, "factor.gain") else { return directions.times(hear) }
        return directions.times(hear.times(gain.transposed.scalingRows(by: message)))
      }
    } else {
      guard !Self.isCompact(teacher) else { return nil }
      weights.put("hear.weight") { directions.times($0).times(directions.transposed) }
      weights.put("recall.weight") { $0.times(directions.transposed) }
    }
    weights.put("factor.gain") { $0.times(directions.squared.transposed) }
    weights.put("groups.gain") { $0.times(directions.squared.transposed) }
    weights.put("score.weight") { directions.times($0) }
    weights.put("score.bias") { $0 }
    for name in ["loading.factors.bias", "share.factors.bias", "memory.factors.bias", "identity"] { weights.put(name) { $0 } }
    for side in ["loading", "share", "memory"] {
      for part in ["step.weight", "step.bias", "rate", "skip"] { weights.put("\(side).\(part)") { $0 } }
    }
    return weights.chosen()
  }

  private func directions(of weight: Matrix, count: Int) throws -> Matrix {
    guard count < weight.columns else { return Matrix(identity: count) }
    let vectors = try SingularValueDecomposition(weight.transposed.tensor, name: "embed.weight").leftVectors
    let (values, rank) = (vectors.doubles, vectors.shape[1])
    var directions = Matrix(rows: count, columns: weight.columns)
    for direction in 0..<count {
      // Beyond the rank single numbers.
      let column = (0..<weight.columns).map { direction < rank ? values[$0 * rank + direction] : $0 == direction ? 1 : 0 }
      let sign: Double = column.reduce(0, +) < 0 ? -1 : 1
      for (place, value) in column.enumerated() { directions[direction, place] = sign * value }
    }
    return directions
  }
}

/// The teacher's weights in the student's widths, and which of its factors, states and channels stay.
private struct Weights {
  let teacher: Graph
  let student: Graph
  let directions: Matrix
  private var seen: [String: Matrix] = [:]
  private var fits = true

  init(teacher: Graph, student: Graph, directions: Matrix) {
    (self.teacher, self.student, self.directions) = (teacher, student, directions)
  }

  /// Notes a weight that the student has; the teacher has to have it, too.
  mutating func put(_ name: String, _ change: (Matrix) -> Matrix) {
    guard student.parameters[name] != nil else { return }
    guard let own = Matrix(teacher, name) else {
      fits = false
      return
    }
    seen[name] = change(own)
  }

  func chosen() -> Graph? {
    guard fits else { return nil }
    let messages = seen["factor.gain"] == nil ? ["hear.weight"] : []
    let ranks = kept(
      "loading.factors.weight", scores: ["loading.factors.weight", "share.factors.weight"] + messages, rowScores: ["factor.gain"])
    let memory = kept("memory.factors.weight", scores: ["memory.factors.weight"], rowScores: ["recall.weight"])
    let states = kept("scan.input.weight", scores: ["scan.input.weight", "scan.output.weight"], rowScores: [])
    var graph = student
    for (name, weight) in seen {
      let channels = name.hasPrefix("memory.") ? memory : name.hasPrefix("loading.") || name.hasPrefix("share.") ? ranks : nil
      var weight = weight
      switch name {
      case "factor.gain": weight = weight.rows(ranks ?? [])
      case "hear.weight" where seen["factor.gain"] == nil: weight = weight.columns(ranks ?? [])
      case "recall.weight": weight = weight.rows(memory ?? [])
      case "scan.input.weight", "scan.output.weight": weight = weight.columns(states ?? [])
      default:
        if let channels { weight = weight.columns(channels) }
        if name.hasSuffix(".rate") { weight = weight.rows(states ?? []) }
      }
      guard let shape = student.parameters[name]?.storage.shape, shape.elementCount == weight.values.count else { return nil }
      graph.parameters[name]?.storage = ParameterStorage(Tensor(weight.values.map { Float($0) }, shape: shape))
    }
    return graph
  }

  /// The columns that stay, ascending: those whose columns and rows of the named weights have the greatest sums of squares.
  private func kept(_ name: String, scores: [String], rowScores: [String]) -> [Int]? {
    guard let own = seen[name], let count = student.parameters[name]?.storage.shape[1] else { return nil }
    guard count <= own.columns else { return [] }
    let importance = (0..<own.columns).map { channel -> Double in
      let columns = scores.compactMap { seen[$0] }.map { weight in (0..<weight.rows).reduce(0) { $0 + weight[$1, channel] * weight[$1, channel] } }
      let rows = rowScores.compactMap { seen[$0] }.map { weight in (0..<weight.columns).reduce(0) { $0 + weight[channel, $1] * weight[channel, $1] } }
      return (columns + rows).reduce(1, *)
    }
    return own.columnOrder(by: importance).prefix(count).sorted()
  }
}

/// A small matrix in Float64.
private struct Matrix {
  let rows: Int
  let columns: Int
  private(set) var values: [Double]

  init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    values = [Double](repeating: 0, count: rows * columns)
  }

  init(identity count: Int) {
    self.init(rows: count, columns: count)
    for place in 0..<count { self[place, place] = 1 }
  }

  /// A parameter; a vector is one row.
  init?(_ graph: Graph, _ name: String) {
    guard let tensor = graph.parameters[name]?.storage.decoded(), tensor.shape.rank <= 2, tensor.shape.rank > 0 else { return nil }
    (rows, columns) = tensor.shape.rank == 1 ? (1, tensor.shape[0]) : (tensor.shape[0], tensor.shape[1])
    values = tensor.doubles
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  var tensor: Tensor { Tensor(values, shape: [rows, columns]) }

  var transposed: Matrix { filled(columns, rows) { self[$1, $0] } }
  var squared: Matrix { filled(rows, columns) { self[$0, $1] * self[$0, $1] } }

  func times(_ other: Matrix) -> Matrix {
    guard columns == other.rows else { return self }
    return filled(rows, other.columns) { row, column in (0..<columns).reduce(0) { $0 + self[row, $1] * other[$1, column] } }
  }

  /// - Parameter factors: a number for each row, one column.
  func scalingRows(by factors: Matrix) -> Matrix {
    factors.rows == rows ? filled(rows, columns) { self[$0, $1] * factors[$0, 0] } : self
  }

  func rows(_ kept: [Int]) -> Matrix { filled(kept.count, columns) { self[kept[$0], $1] } }
  func columns(_ kept: [Int]) -> Matrix { filled(rows, kept.count) { self[$0, kept[$1]] } }

  func columnOrder(by importance: [Double]) -> [Int] {
    (0..<columns).sorted { (-importance[$0], $0) < (-importance[$1], $1) }
  }

  private func filled(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> Matrix {
    var matrix = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns { matrix[row, column] = value(row, column) }
    }
    return matrix
  }
}
