import PareGraph
import PareModels
import PareTensor

/// Brings a user's own model into the form that every experiment judges: one input, `logits` and `probabilities` with a
/// column per class of the label.
///
/// A model that an earlier run made has that form and keeps it. The arithmetic of any other stays as it is as well. Beside it stands a normalizer of its input, `normalized`, which only a
/// distilled student reads; what nothing reads is not written into an artifact.
struct OwnModelAdapter {
  let output: OwnModelOutput
  let classNames: [String]
  /// Where in the model's outputs each class stands; nil for the label's order.
  let order: [Int]?
  /// Extents of one row of the features.
  let rowShape: [Int]
  /// What messages call the model.
  let source: String

  /// The model's input, checked against the features.
  func input(of graph: Graph) throws -> ValueInfo {
    guard let input = graph.inputs.first, graph.inputs.count == 1 else {
      throw failure("one input", graph.inputs.map(\.name).joined(separator: ", "))
    }
    let expected = [Dimension.symbolic("batch")] + rowShape.map(Dimension.fixed)
    guard input.type.elementType == .float32, input.type.rank == expected.count,
      input.type.dimensions[0].fixedValue == nil,
      zip(input.type.dimensions, expected).dropFirst().allSatisfy({ $0 == $1 })
    else { throw failure("input '\(input.name)' of \(ValueType(.float32, expected)), as the features are", "\(input.type)") }
    return input
  }

  /// - Parameters:
  ///   - normalizer: of one row, fitted to the training part.
  ///   - scoreScale: what a score is divided by before it counts as a log-odds: its spread over the training part.
  func adapt(_ model: Model, normalizer: PareModels.Normalizer, scoreScale: Float) throws -> Model {
    let input = try input(of: model.graph)
    let undecided = DecisionThresholds(short: 0.5, long: 0.5)
    if try isAdapted(model.graph) { return Model(graph: try model.graph.decided(by: undecided), sections: model.sections) }
    let value = try self.value(in: model.graph)
    var graph = model.graph
    graph.outputs = []
    for name in ["logits", "probabilities", "decision", "normalized"] where name != input.name {
      graph.renameValue(name, to: "own.\(name)")
    }
    let source = ["logits", "probabilities", "decision", "normalized"].contains(value) ? "own.\(value)" : value
    var builder: GraphBuilder
    switch output.kind {
    case .logits:
      builder = try logits(from: source, in: graph)
    case .probabilities:
      // A softmax at the end gives logits for the asking.
      if let softmax = graph.producer(of: source), softmax.operatorName == "Softmax", softmax.attributes["axis"] ?? .int(-1) == .int(-1) {
        builder = try logits(from: softmax.inputs[0], in: graph)
      } else {
        builder = try GraphBuilder(graph)
        let low = try builder.constant(Tensor(scalar: Float(1e-7)), named: "probability.floor")
        let high = try builder.constant(Tensor(scalar: Float(1)), named: "probability.ceiling")
        let clipped = try builder.apply("Clip", [permuted(source, in: &builder), low, high], name: "probability.clip")
        _ = try builder.apply("Log", [clipped], name: "probability.log", output: "logits")
      }
    case .score:
      builder = try GraphBuilder(graph)
      let rows = try builder.apply(
        "Reshape", [source, builder.constant(Tensor([Int64(-1), 1]), named: "score.shape")], name: "score.rows")
      // Two classes at ∓s/2 make the softmax a logistic of s; a class between them stands at 0.
      let spread: [Float] = classNames.count == 2 ? [-0.5, 0.5] : [-1, 0, 1]
      let weights = try builder.constant(Tensor(spread.map { $0 / scoreScale }, shape: [1, spread.count]), named: "score.spread")
      _ = try builder.apply("MatMul", [rows, weights], name: "score.logits", output: "logits")
    }
    let type = try builder.type(of: "logits")
    guard type.rank == 2, type.dimensions[1] == .fixed(classNames.count), type.dimensions[0].fixedValue == nil else {
      throw failure("an output of a row with \(classNames.count) classes (\(classNames.joined(separator: ", ")))", "\(type)")
    }
    try builder.classify("logits")
    _ = try builder.normalize(input.name, by: normalizer)
    return Model(graph: try builder.graph.decided(by: undecided), sections: model.sections)
  }

  /// Whether a graph has the form already, and nothing else is said of its outputs.
  private func isAdapted(_ graph: Graph) throws -> Bool {
    guard output == OwnModelOutput(), let softmax = graph.producer(of: "probabilities"), softmax.operatorName == "Softmax",
      softmax.inputs[0] == "logits", graph.outputs.contains(where: { $0.name == "probabilities" })
    else { return false }
    let types = try graph.inferredTypes()
    return types["normalized"] != nil && types["logits"]?.dimensions.dropFirst() == [.fixed(classNames.count)]
  }

  /// The output that is asked for, or the only one that can be meant.
  func value(in graph: Graph) throws -> String {
    if let name = output.name {
      guard graph.outputs.contains(where: { $0.name == name }) else {
        throw failure("an output '\(name)'", graph.outputs.map(\.name).joined(separator: ", "))
      }
      return name
    }
    let fitting = graph.outputs.filter { value in
      guard value.type.elementType == .float32 else { return false }
      let columns = value.type.dimensions.dropFirst()
      return output.kind == .score
        ? columns.allSatisfy { $0 == 1 } : columns.count == 1 && columns.first == .fixed(classNames.count)
    }
    guard fitting.count == 1 else {
      throw failure(
        output.kind == .score ? "one output of a number per row" : "one output of \(classNames.count) classes per row, or 'output.name'",
        graph.outputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))
    }
    return fitting[0].name
  }

  private func logits(from value: String, in graph: Graph) throws -> GraphBuilder {
    guard order == nil else {
      var builder = try GraphBuilder(graph)
      _ = try permuted(value, in: &builder, output: "logits")
      return builder
    }
    var graph = graph
    graph.renameValue(value, to: "logits")
    return try GraphBuilder(graph)
  }

  /// The columns in the label's order.
  private func permuted(_ value: String, in builder: inout GraphBuilder, output: String? = nil) throws -> String {
    guard let order else { return value }
    let indices = try builder.constant(Tensor(order.map(Int64.init)), named: "class.order")
    return try builder.apply("Gather", [value, indices], attributes: ["axis": .int(1)], name: "class.permute", output: output)
  }

  private func failure(_ expected: String, _ found: String) -> EvaluationError {
    EvaluationError("own-model", subject: source, expected: expected, found: found.isEmpty ? "none" : found)
  }
}

extension Graph {
  /// Gives a value another name wherever it stands.
  mutating func renameValue(_ old: String, to new: String) {
    func renamed(_ name: String) -> String { name == old ? new : name }
    for index in inputs.indices { inputs[index].name = renamed(inputs[index].name) }
    for index in outputs.indices { outputs[index].name = renamed(outputs[index].name) }
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map(renamed)
      nodes[index].outputs = nodes[index].outputs.map(renamed)
    }
    if let parameter = parameters.removeValue(forKey: old) { parameters[new] = parameter }
  }
}
