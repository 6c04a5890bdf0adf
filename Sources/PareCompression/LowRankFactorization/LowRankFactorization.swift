import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining

/// Replaces a weight matrix by two thin ones, through its singular value decomposition.
///
/// The product of rank k that is nearest to the weight, `W ≈ L · R`, becomes two nodes: `<layer>.v` onto k values,
/// `<layer>.u` from them, with the bias. Of a recurrent layer the weights of its input are factorized: `<layer>.v` comes before it.
/// A layer is replaced only where `condition` holds; otherwise it stays as it is.
///
/// - Bound: `‖W − L·R‖_F = √(Σ σ[i]², i ≥ k)`, the least that rank k permits, up to the rounding of L and R to Float32; weighted by
///   activations the same holds of `√E‖(W − L·R)x‖²`.
/// - Source: Eckart and Young 1936, doi:10.1007/BF02288367; Denton et al. 2014, arXiv:1404.0736; weighted by inputs Chen et al. 2021,
///   "DRONE" (NeurIPS), §3.
public struct LowRankFactorization: CompressionTechnique {
  public static let name = "low-rank"

  /// Whose error is the least.
  public enum Weighting: String, RecipeWord {
    /// The weights'.
    case weights
    /// The layer's output's over the training part.
    case activations
  }

  public var keep: RankTarget
  public var weighting: Weighting
  public var layers: LayerSelector
  public var condition: ReplacementCondition
  /// Training after the cut, in which everything that is trainable learns on; nil leaves the factors as
  /// they are. The reported errors are those of the cut, before training.
  public var fineTuning: FineTuning?

  public init(
    _ keep: RankTarget, weighting: Weighting = .weights, layers: LayerSelector = .all, condition: ReplacementCondition = .smaller,
    fineTuning: FineTuning? = nil
  ) {
    self.keep = keep
    self.weighting = weighting
    self.layers = layers
    self.condition = condition
    self.fineTuning = fineTuning
  }

  public var effects: WeightEffects {
    let reason = "factors hold other numbers than the weights that they stand for"
    return WeightEffects(undoes: [.zeros: reason, .sharedValues: reason])
  }

  public func validate(at path: ParameterPath) throws {
    try keep.validate(at: path.key(CodingKeys.keep))
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let tensors = try layers.weights(of: model.graph)
    let matrices = tensors.uniqueByWeight().compactMap { FactorizableMatrix($0, in: model.graph) }
    let moments = try moments(of: matrices, in: model.graph, context)
    var decompositions: [WeightedDecomposition] = []
    for matrix in matrices {
      let weights = try matrix.byOutput(model.graph.weights(of: matrix.tensor))
      decompositions.append(
        try WeightedDecomposition(weights, outputs: matrix.outputs, moments: moments[MomentKey(value: matrix.input)], name: matrix.tensor.weight))
    }
    let ranks = keep.ranks(of: decompositions.map(\.decomposition))
    var graph = model.graph
    var reports: [String: LayerReport] = [:]
    for ((matrix, decomposition), rank) in zip(zip(matrices, decompositions), ranks) {
      let sharing = tensors.filter { $0.weight == matrix.tensor.weight }
      let report = try replace(matrix, sharing, decomposition, rank, in: &graph)
      for tensor in sharing { reports[tensor.label] = reports[tensor.label] ?? report }
    }
    let first = Set(matrices.map(\.tensor.label))
    let all = tensors.compactMap { tensor -> LayerReport? in
      if let report = reports[tensor.label] { return first.contains(tensor.label) ? report : nil }
      let type = tensor.node.operatorName
      return LayerReport(layer: tensor.label, outcome: "left as it is: \(type) weights \(tensor.shape) are not factorized")
    }
    if let fineTuning { graph = try fineTuning.train(graph, inPlaceOf: model, for: Self.name, in: context) }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: all)
  }

  private func replace(
    _ matrix: FactorizableMatrix, _ sharing: [WeightTensor], _ decomposition: WeightedDecomposition, _ rank: Int, in graph: inout Graph
  ) throws -> LayerReport {
    let (outputs, inputs) = (matrix.outputs, matrix.inputs)
    let products = "\(rank * (outputs + inputs)) multiply-adds for \(outputs * inputs)"
    guard rank * (outputs + inputs) < outputs * inputs else {
      return LayerReport(layer: matrix.tensor.label, outcome: "kept whole: rank \(rank) would be \(products)")
    }
    let factors = try decomposition.factors(rank: rank)
    var rewrite = FactorizationRewrite(graph)
    rewrite.replace(matrix, sharing, by: factors)
    let replaced = try rewrite.finish()
    if condition == .faster, let objection = try condition.objection(to: replaced, of: graph) {
      return LayerReport(layer: matrix.tensor.label, outcome: "kept whole: rank \(rank) would be \(objection)")
    }
    graph = replaced
    var figures = ["rank": Double(rank), "truncation_error": decomposition.decomposition.truncationError(rank: rank)]
    if weighting == .activations {
      figures["output_error"] = try decomposition.outputError(of: factors)
      figures["output_error_of_plain"] = try decomposition.outputError(of: decomposition.plain(rank: rank))
    }
    return LayerReport(
      layer: matrix.tensor.label, outcome: "rank \(rank) of \(decomposition.decomposition.singularValues.count), \(products)",
      weightError: ErrorMeasure(of: try factors.product(), against: decomposition.weights), figures: figures)
  }

  /// E[x xᵀ] of what layers read, where it is asked for.
  private func moments(
    of matrices: [FactorizableMatrix], in graph: Graph, _ context: CompressionContext
  ) throws -> [MomentKey: InputMoments] {
    guard weighting == .activations else { return [:] }
    var request = ObservationRequest()
    for matrix in matrices { request.moments[MomentKey(value: matrix.input)] = true }
    return try ActivationObserver.observe(request, of: graph, rows: context.trainingRows(for: Self.name)) {
      context.progress(CompressionProgress(technique: Self.name, activity: "observing inputs", fraction: $0))
    }.moments
  }
}

extension LowRankFactorization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case keep, weighting, layers
    case condition = "where"
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(RankTarget.self, forKey: .keep),
      weighting: try container.decodeIfPresent(Weighting.self, forKey: .weighting) ?? .weights,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      condition: try container.decodeIfPresent(ReplacementCondition.self, forKey: .condition) ?? .smaller,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
