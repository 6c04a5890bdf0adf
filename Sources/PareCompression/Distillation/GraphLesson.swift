import PareGraph
import PareTensor
import PareTraining

/// Terms on the graph between symbols that a student over panels takes over from its teacher: `{adjacency: 0.5, change: 0.2, embeddings: 0.3}`.
///
/// Both have to have one: values `loading` and `share` of the factors of their adjacency, and `embedding`, as S3G does. The teacher's are
/// worked out once for all rows.
public struct GraphLesson: Sendable, Hashable {
  /// Of the divergence between rows of the adjacencies; see `AdjacencyDivergence`.
  public var adjacency: Double
  /// Of the change of the adjacency from a day to the next; see `AdjacencyChange`.
  public var change: Double
  /// Of how alike symbols are; see `EmbeddingRelations`.
  public var embeddings: Double

  public init(adjacency: Double = 0, change: Double = 0, embeddings: Double = 0) {
    (self.adjacency, self.change, self.embeddings) = (adjacency, change, embeddings)
  }

  func validate(at path: ParameterPath) throws {
    for (key, weight) in [(CodingKeys.adjacency, adjacency), (.change, change), (.embeddings, embeddings)] {
      try path.key(key).require(weight >= 0 && weight.isFinite, expected: "a number of at least 0", found: weight)
    }
    try path.require(adjacency + change + embeddings > 0, expected: "one weight above 0", found: "none")
  }

  private var usesAdjacency: Bool { adjacency + change > 0 }

  /// - Throws: `compression.no-value` where teacher or student have no such graph.
  func added(to lesson: Teaching.Lesson, of student: Graph, teacher: Graph) throws -> Teaching.Lesson {
    let values = (usesAdjacency ? ["loading", "share"] : []) + (embeddings > 0 ? ["embedding"] : [])
    let (own, known) = (try student.inferredTypes(), try teacher.inferredTypes())
    for value in values {
      for (graph, types, word) in [(student, own, "student"), (teacher, known, "teacher")] where types[value]?.rank != 4 {
        throw CompressionError(
          "no-value", subject: "distillation: graph", expected: "a \(word) with a graph between symbols, as S3G has, and its value '\(value)'",
          found: "'\(graph.name)' without")
      }
    }
    func width(_ value: String) -> Int { known[value]?.dimensions[3].fixedValue ?? 0 }
    func taught(_ rows: TrainingData) throws -> TrainingData {
      try Scorer(teacher, outputs: values).run(rows).sorted { $0.key < $1.key }.reduce(rows) { try $0.with("teacher.\($1.key)", $1.value) }
    }
    let adjacencies = AdjacencyValues(teacherRank: width("loading"))
    var terms: [(weight: Double, loss: any Loss)] = []
    if adjacency > 0 { terms.append((adjacency, AdjacencyDivergence(adjacencies))) }
    if change > 0 { terms.append((change, AdjacencyChange(adjacencies))) }
    if embeddings > 0 { terms.append((embeddings, EmbeddingRelations(teacherWidth: width("embedding")))) }
    let main = lesson.loss
    return Teaching.Lesson(
      training: try taught(lesson.training), validation: try lesson.validation.map(taught), groups: lesson.groups
    ) { WeightedSum([(1, main($0))] + terms) }
  }
}

extension GraphLesson: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case adjacency, change, embeddings }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      adjacency: try container.decodeIfPresent(Double.self, forKey: .adjacency) ?? 0,
      change: try container.decodeIfPresent(Double.self, forKey: .change) ?? 0,
      embeddings: try container.decodeIfPresent(Double.self, forKey: .embeddings) ?? 0)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(adjacency, forKey: .adjacency)
    try container.encode(change, forKey: .change)
    try container.encode(embeddings, forKey: .embeddings)
  }
}
