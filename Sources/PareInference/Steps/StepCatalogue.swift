import PareGraph

/// Every kind of step that has a kernel. Where several begin at the same operator, the first that fits is taken.
enum StepCatalogue {
  static let all: [any StepKind.Type] = [
    NormalizationStep.self,
    SparseDenseStep.self,
    CodebookDenseStep.self,
    HalfDenseStep.self,
    SeededDenseStep.self,
    DenseStep.self,
    SparseQuantizedDenseStep.self,
    QuantizedDenseStep.self,
    DynamicQuantizationStep.self,
    DynamicQuantizedDenseStep.self,
    IntegerSumsStep.self,
    CausalConvolutionStep.self,
    QuantizedCausalConvolutionStep.self,
    QuantizedConvolutionStep.self,
    QuantizedGroupDenseStep.self,
    PackSignsStep.self,
    BinaryDenseStep.self,
    TreeEnsembleStep.self,
    SoftmaxStep.self,
    DecideStep.self,
    ActivationStep.self,
    BinaryStep.self,
    ComparisonStep.self,
    PresentRowsStep.self,
    ChoiceStep.self,
    SoftmaxRowsStep.self,
    RowNormalizationStep.self,
    ChannelNormalizationStep.self,
    ReductionStep.self,
    MaximumPoolStep.self,
    AveragePoolStep.self,
    ConvolutionStep.self,
    BatchedProductStep.self,
    AttentionStep.self,
    WeightedColumnsStep.self,
    StridedCopyStep.self,
    ContractionStep.self,
    QuantizedRecurrentStep.self,
    FloatRecurrentStep.self,
    SelectiveScanStep.self,
    QuantizedSelectiveScanStep.self,
    DequantizationStep.self,
    DynamicDequantizationStep.self,
  ]

  /// The kinds that can begin at each operator, in order.
  static let byOperator: [OperatorName: [any StepKind.Type]] = {
    var result: [OperatorName: [any StepKind.Type]] = [:]
    for kind in all {
      for name in kind.operators { result[name, default: []].append(kind) }
    }
    return result
  }()

  /// The steps of a graph, in order: a kernel's where one fits, the operator's reference elsewhere.
  static func steps(_ graph: StepGraph) throws -> [PlannedStep] {
    var steps: [PlannedStep] = []
    var absorbed: Set<String> = []
    for node in graph.graph.nodes where !absorbed.contains(node.name) {
      let step = try fastStep(at: node, in: graph) ?? graph.reference(node)
      absorbed.formUnion(step.nodes)
      steps.append(step)
    }
    return steps
  }

  private static func fastStep(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    for kind in byOperator[node.operatorName] ?? [] {
      if let step = try kind.step(at: node, in: graph) { return step }
    }
    return nil
  }
}
