import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Students that learn together: each from what all of them are taught and, beside it, from what the others say at the moment.
///
/// The loss of student i is its own plus `T² · mean_{j ≠ i} KL(student_j ‖ student_i)` at temperature T, through which no gradient reaches
/// student j. They are one graph while they learn; the one whose own loss on the validation part is least is kept.
///
/// - Source: Zhang et al. 2018, arXiv:1706.00384, §3.
struct MutualLearning {
  /// Graphs of one form with first weights of their own.
  let students: [Graph]
  /// The value that holds a student's scores.
  let scores: String
  let lesson: Teaching.Lesson
  let temperature: Temperature

  func train(by schedule: TrainingSchedule, for technique: String, in context: CompressionContext) throws -> Graph {
    let inputs = Set(students[0].inputs.map(\.name))
    var joint = students[0]
    for (index, student) in students.enumerated().dropFirst() {
      let renamed = student.renamed(prefix: Self.prefix(index), keeping: inputs)
      joint.nodes += renamed.nodes
      joint.parameters.merge(renamed.parameters) { own, _ in own }
    }
    let values = students.indices.map { Self.prefix($0) + scores }
    var terms: [(weight: Double, loss: any Loss)] = values.map { (weight: 1, loss: lesson.loss($0)) }
    let temperature = temperature.last
    for own in values {
      for other in values where other != own {
        let weight = temperature * temperature / Double(students.count - 1)
        terms.append((weight: weight, loss: PeerLoss(student: own, peer: other, temperature: temperature)))
      }
    }
    let trained = try schedule.train(
      joint, loss: WeightedSum(terms), for: technique, in: context, training: lesson.training, validation: lesson.validation,
      groups: lesson.groups)
    let graphs = students.enumerated().map { index, student in
      var graph = student
      for name in student.parameters.keys where student.parameters[name]?.isTrainable == true {
        graph.parameters[name] = trained.parameters[Self.prefix(index) + name] ?? student.parameters[name]
      }
      return graph
    }
    let judges = lesson.validation ?? lesson.training
    let losses = try graphs.map { graph in
      func mean(_ loss: some Loss) throws -> Double { try Trainer().loss(of: graph, by: loss, on: judges) }
      return try mean(lesson.loss(scores))
    }
    let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) } ?? 0
    return graphs[best]
  }

  private static func prefix(_ index: Int) -> String { index == 0 ? "" : "peer_\(index)." }
}

/// `KL(peer ‖ student)` at a temperature, with the peer taken as it is.
private struct PeerLoss: Loss {
  let student: String
  let peer: String
  let temperature: Double

  func append(to builder: inout GraphBuilder) throws -> String {
    let isDouble = try builder.type(of: peer).elementType == .float64
    let nothing = try builder.constant(isDouble ? Tensor(scalar: 0.0) : Tensor(scalar: Float(0)), named: "strength")
    let fixed = try builder.apply("pare.ReverseGradient", [peer, nothing])
    return try KullbackLeibler(logits: student, teacherLogits: fixed, temperature: temperature).append(to: &builder)
  }
}

extension Graph {
  /// The graph with a prefix before every name but those of some values.
  fileprivate func renamed(prefix: String, keeping: Set<String>) -> Graph {
    func renamed(_ name: String) -> String { name.isEmpty || keeping.contains(name) ? name : prefix + name }
    var graph = self
    graph.nodes = nodes.map { node in
      var node = node
      node.name = prefix + node.name
      node.inputs = node.inputs.map(renamed)
      node.outputs = node.outputs.map(renamed)
      return node
    }
    graph.parameters = [:]
    for (name, parameter) in parameters { graph.parameters[renamed(name)] = parameter }
    return graph
  }
}
