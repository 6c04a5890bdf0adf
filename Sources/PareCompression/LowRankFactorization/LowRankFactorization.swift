import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining

/// Replaces a weight matrix by two thin ones, through its singular value decomposition.
///
/// The product of rank k that is nearest to the weight, `W ≈ L · R`, becomes two nodes: `<layer>.v` onto k values,
/// `<layer>.u` from them, with the bias. A layer is factorized only where the two products are fewer multiply-adds
/// than the one, `k · (m + n) < m · n`; otherwise it stays as it is.
///
/// - Bound: `‖W − L·R‖_F = √(Σ σ[i]², i ≥ k)`, the least that rank k permits, up to the rounding of L and R to Float32.
/// - Source: Eckart and Young 1936, doi:10.1007/BF02288367; Denton et al. 2014, arXiv:1404.0736.
public struct LowRankFactorization: CompressionTechnique {
  public static let name = "low-rank"

  public var keep: RankTarget
  public var layers: LayerSelector
  /// Training after the cut, on the labels, in which everything that is trainable learns on; nil leaves the factors as
  /// they are. The reported errors are those of the cut, before training.
  public var fineTuning: TrainingSchedule?

  public init(_ keep: RankTarget, layers: LayerSelector = .all, fineTuning: TrainingSchedule? = nil) {
    self.keep = keep
    self.layers = layers
    self.fineTuning = fineTuning
  }

  public func validate(at path: ParameterPath) throws {
    try keep.validate(at: path.key(CodingKeys.keep))
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let layers = try layers.layers(of: model.graph)
    var rewrite = FactorizationRewrite(model.graph)
    var reports: [LayerReport] = []
    for layer in layers.uniqueByWeight() {
      let weights = try model.graph.weights(of: layer)
      let decomposition = try SingularValueDecomposition(Tensor(weights, shape: layer.shape), name: layer.weight)
      let rank = keep.rank(of: decomposition)
      let (rows, columns) = (layer.shape[0], layer.shape[1])
      let products = "\(rank * (rows + columns)) multiply-adds for \(rows * columns)"
      guard rank * (rows + columns) < rows * columns else {
        reports.append(LayerReport(layer: layer.name, outcome: "kept whole: rank \(rank) would be \(products)"))
        continue
      }
      let factors = decomposition.truncated(rank: rank)
      rewrite.replace(layers.filter { $0.weight == layer.weight }, by: factors)
      reports.append(
        LayerReport(
          layer: layer.name, outcome: "rank \(rank) of \(decomposition.singularValues.count), \(products)",
          weightError: ErrorMeasure(of: Self.product(factors), against: weights.map { Double($0) }),
          figures: ["rank": Double(rank), "truncation_error": decomposition.truncationError(rank: rank)]))
    }
    reports += self.layers.others(of: model.graph).map {
      LayerReport(layer: $0.label, outcome: "left as it is: \($0.node.operatorName) weights \($0.shape) are not factorized")
    }
    var graph = try rewrite.finish()
    if let fineTuning {
      graph = try fineTuning.fineTune(graph, for: Self.name, in: context)
    }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }

  /// `L · R` in Float64.
  static func product(_ factors: (left: Tensor, right: Tensor)) -> [Double] {
    let (left, right) = (factors.left.doubles, factors.right.doubles)
    let (rows, rank, columns) = (factors.left.shape[0], factors.left.shape[1], factors.right.shape[1])
    var product = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<rank {
        let scale = left[row * rank + k]
        for column in 0..<columns { product[row * columns + column] += scale * right[k * columns + column] }
      }
    }
    return product
  }
}

extension LowRankFactorization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case keep, layers
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(RankTarget.self, forKey: .keep),
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      fineTuning: try container.decodeIfPresent(TrainingSchedule.self, forKey: .fineTuning))
  }
}
