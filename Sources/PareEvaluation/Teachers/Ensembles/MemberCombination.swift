import Foundation
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// How what the members of an ensemble say becomes what the ensemble says.
enum MemberCombination: Sendable {
  /// A mean of probabilities with these weights.
  case weights([Double])
  /// A linear model of log-probabilities.
  case stack(StackingModel)

  static func average(_ count: Int) -> MemberCombination { .weights([Double](repeating: 1 / Double(count), count: count)) }

  /// What the ensemble says, and how far its members are apart.
  func outputs(of members: [TeacherOutputs], source: String) throws -> TeacherOutputs {
    let (rows, classes) = (members[0].rowCount, members[0].classCount)
    var logits: [Float] = []
    var disagreement: [Float] = []
    logits.reserveCapacity(rows * classes)
    for row in 0..<rows {
      let said = members.map { $0.probabilities(ofRow: row) }
      switch self {
      case .weights(let weights):
        for index in 0..<classes {
          let mixture = zip(weights, said).reduce(0.0) { $0 + $1.0 * Double($1.1[index]) }
          logits.append(Float(log(max(mixture, Self.least))))
        }
      case .stack(let model): logits.append(contentsOf: model.logits(of: said))
      }
      let spread = (0..<classes).reduce(0.0) { sum, index in
        let values = said.map { Double($0[index]) }
        let mean = values.reduce(0, +) / Double(values.count)
        return sum + (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
      }
      disagreement.append(Float(spread / Double(classes)))
    }
    return try TeacherOutputs(classCount: classes, logits: logits, disagreement: disagreement, source: source)
  }

  /// Below this a probability has no logarithm that a Float32 softmax could tell apart.
  static let least = 1e-7

  /// One model of all members, where each is one that sees the experiment's rows; else nil.
  func merged(_ members: [TrainedTeacher], named name: String, view: DataView) throws -> Model? {
    let models = members.compactMap(\.model)
    guard models.count == members.count else { return nil }
    var builder = GraphBuilder(name: name)
    let rows = view.dataset.rowShape.map(Dimension.fixed)
    let input = try builder.input(view.inputName, ValueType(.float32, ["batch"] + rows))
    _ = try builder.normalize(input, by: view.normalizerNodes)
    var said: [String] = []
    for (index, model) in models.enumerated() {
      let logits = try builder.include(model.graph, prefix: "member_\(index).", input: input)
      said.append(try builder.apply("Softmax", [logits], attributes: ["axis": .int(-1)], name: "member_\(index).softmax"))
    }
    switch self {
    case .weights(let weights):
      var mixture: String?
      for (index, (weight, probabilities)) in zip(weights, said).enumerated() {
        let factor = try builder.parameter("ensemble.weight_\(index)", Tensor(scalar: Float(weight)), isTrainable: false)
        let term = try builder.apply("Mul", [probabilities, factor], name: "ensemble.share_\(index)")
        mixture = try mixture.map { try builder.apply("Add", [$0, term], name: "ensemble.sum_\(index)") } ?? term
      }
      let least = try builder.constant(Tensor(scalar: Float(Self.least)), named: "ensemble.least")
      let bounded = try builder.apply("Max", [mixture ?? "", least], name: "ensemble.bound")
      _ = try builder.apply("Log", [bounded], name: "ensemble.log", output: "logits")
    case .stack(let model):
      let least = try builder.constant(Tensor(scalar: Float(Self.least)), named: "ensemble.least")
      let logs = try said.enumerated().map { index, value in
        try builder.apply(
          "Log", [try builder.apply("Max", [value, least], name: "ensemble.bound_\(index)")], name: "ensemble.log_\(index)")
      }
      let joined = try builder.apply("Concat", logs, attributes: ["axis": .int(1)], name: "ensemble.members")
      let weight = try builder.parameter("ensemble.weight", model.weight, isTrainable: false)
      let bias = try builder.parameter("ensemble.bias", model.bias, isTrainable: false)
      _ = try builder.apply("Gemm", [joined, weight, bias], attributes: ["transB": .int(1)], name: "ensemble.stack", output: "logits")
    }
    try builder.classify("logits", thresholds: DecisionThresholds(short: 0.5, long: 0.5))
    var merged = Model(graph: builder.graph)
    for section in try view.sections() { merged.sections[section.name] = section.text }
    return merged
  }
}

extension GraphBuilder {
  /// Puts a model's nodes into this graph, up to its logits and under names of their own.
  ///
  /// - Parameter input: what the model is fed.
  /// - Returns: the value that holds the model's logits.
  fileprivate mutating func include(_ graph: Graph, prefix: String, input: String) throws -> String {
    let graph = graph.pruned(to: ["logits"])
    guard let own = graph.inputs.first?.name, graph.inputs.count == 1 else {
      throw GraphError("inputs", subject: "model '\(graph.name)'", expected: "one input", found: "\(graph.inputs.count)")
    }
    func renamed(_ name: String) -> String { name.isEmpty ? name : name == own ? input : prefix + name }
    for (name, parameter) in graph.parameters.sorted(by: { $0.key < $1.key }) {
      var parameter = parameter
      parameter.isTrainable = false
      _ = try self.parameter(prefix + name, parameter)
    }
    for node in graph.nodes {
      var node = node
      node.name = prefix + node.name
      node.inputs = node.inputs.map(renamed)
      node.outputs = node.outputs.map(renamed)
      try append(node)
    }
    return renamed("logits")
  }
}
