import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareTensor

/// What a model consists of, what it weighs and how it would run.
public struct ModelInspection: Sendable, Encodable {
  public struct NodeRow: Sendable, Encodable {
    public let name: String
    public let operatorName: String
    /// Types of the outputs.
    public let outputs: [String]
    /// Numbers in the node's parameters.
    public let parameters: Int
    /// Bytes that these weigh in the file.
    public let bytes: Int
    /// Multiply-adds for one row.
    public let multiplyAdds: Int
  }

  public struct ParameterRow: Sendable, Encodable {
    public let name: String
    public let shape: String
    public let elementType: String
    public let layout: String
    /// Share of elements that are zero.
    public let sparsity: Double
    public let bytes: Int
    public let trainable: Bool
  }

  public struct StepRow: Sendable, Encodable {
    public let nodes: [String]
    public let kernel: String
    /// Nanoseconds by the cost table; nil where it does not know the step.
    public let estimateNs: Double?
    /// Nanoseconds of dense Float32 weights, where this is another form of such a layer.
    public let float32EstimateNs: Double?
    public let remark: String?
  }

  public let name: String
  public let inputs: [String]
  public let outputs: [String]
  public let nodes: [NodeRow]
  public let parameters: [ParameterRow]
  public let learnedParameters: Int
  public let fileBytes: Int?
  public let parameterBytes: Int
  /// The same by what they are for.
  public let bytesByUse: ParameterBytes
  public let planBytes: Int
  public let multiplyAdds: Int
  /// Steps of the execution plan on this processor; `reference` marks one without a fast form.
  public let steps: [StepRow]
  /// The digest of the cost table, and what it expects of a decision.
  public let costs: String
  public let estimateNs: Double?
  /// The model's sections: feature schema, label, recipe, provenance.
  public let sections: [String: String]

  /// - Throws: `GraphError` for a graph that does not fit together.
  public init(_ model: Model, fileBytes: Int? = nil) throws {
    let graph = model.graph
    let types = try graph.inferredTypes()
    let kernels = try KernelSelection.fromEnvironment()
    let plan = try ExecutionPlan(model, kernels: kernels)
    let ofOne = try graph.typesOfOneRow()
    name = graph.name
    inputs = graph.inputs.map { "\($0.name): \($0.type)" }
    outputs = graph.outputs.map { "\($0.name): \($0.type)" }
    nodes = graph.nodes.map { node in
      let own = node.inputs.compactMap { graph.parameters[$0]?.storage }
      return NodeRow(
        name: node.name, operatorName: node.operatorName.description,
        outputs: node.outputs.compactMap { types[$0]?.description },
        parameters: own.reduce(0) { $0 + $1.shape.elementCount }, bytes: own.reduce(0) { $0 + $1.byteCount },
        multiplyAdds: node.multiplyAdds(ofOne) ?? 0)
    }
    parameters = graph.parameters.map { name, parameter in
      let storage = parameter.storage
      let values = storage.decoded().doubles
      return ParameterRow(
        name: name, shape: storage.shape.description, elementType: storage.words, layout: storage.layout.rawValue,
        sparsity: values.isEmpty ? 0 : Double(values.count { $0 == 0 }) / Double(values.count),
        bytes: storage.byteCount, trainable: parameter.isTrainable)
    }
    learnedParameters = graph.learnedElementCount
    self.fileBytes = fileBytes
    parameterBytes = graph.storedByteCount
    bytesByUse = ParameterBytes(of: graph)
    planBytes = plan.residentByteCount
    multiplyAdds = try graph.multiplyAdds()
    steps = plan.steps.filter { !$0.nodes.isEmpty }.map { step in
      StepRow(
        nodes: step.nodes, kernel: step.kernel, estimateNs: step.estimate, float32EstimateNs: step.float32Estimate,
        remark: step.remark)
    }
    costs = kernels.costs.digest
    estimateNs = plan.estimate
    sections = Dictionary(model.sections.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

extension ParameterStorage {
  /// `float32`, or `4-bit index, coded`.
  fileprivate var words: String {
    let form =
      switch element {
      case .plain(let type): type.rawValue
      case .codebook(let bits, let dimension, _): "\(bits)-bit index" + (dimension == 1 ? "" : " for \(dimension)")
      case .sign: "sign"
      }
    return form + (coding == .none ? "" : ", coded")
  }
}
