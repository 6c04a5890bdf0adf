import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining

/// Replaces a convolution by a sequence of smaller ones, through a decomposition of its filters as an array of three or four axes.
///
/// What comes out are ordinary convolutions: pointwise ones onto and from few channels, and between them filters over the window of
/// few channels (Tucker over the two axes of channels), or of each channel by itself along one axis at a time (Tucker over all axes,
/// CP). A layer is replaced only where `condition` holds; otherwise it stays, with the reason.
///
/// - Source: Kim et al. 2016, arXiv:1511.06530 (Tucker over channels); Lebedev et al. 2015, arXiv:1412.6553 (CP).
public struct TensorFactorization: CompressionTechnique {
  public static let name = "tensor-factorization"

  public enum Method: String, RecipeWord {
    /// Over output and input channels; the window stays.
    case tuckerOfChannels = "tucker-2"
    /// Over channels and window.
    case tucker
    /// A sum of products of one vector an axis.
    case polyadic = "cp"
  }

  public var method: Method
  public var keep: RankTarget
  public var layers: LayerSelector
  public var condition: ReplacementCondition
  /// Training after the cut; nil leaves the factors as they are. The reported errors are those of the cut, before training.
  public var fineTuning: FineTuning?

  /// - Parameter keep: `.rank` is R of CP, and of Tucker the rank of both axes of channels; `.energy` of each axis, and of CP of the
  ///   whole; `.ratio` of the elements of the filters.
  public init(
    _ method: Method, _ keep: RankTarget, layers: LayerSelector = .all, condition: ReplacementCondition = .faster,
    fineTuning: FineTuning? = nil
  ) {
    self.method = method
    self.keep = keep
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
    var graph = model.graph
    var reports: [LayerReport] = []
    for tensor in try layers.weights(of: graph) {
      guard tensor.node.operatorName == "Conv" else {
        reports.append(LayerReport(layer: tensor.label, outcome: "left as it is: \(tensor.node.operatorName) has no filters"))
        continue
      }
      context.progress(CompressionProgress(technique: Self.name, activity: tensor.name, fraction: 0))
      reports.append(try replace(tensor, in: &graph, seed: context.seed))
    }
    if let fineTuning { graph = try fineTuning.train(graph, inPlaceOf: model, for: Self.name, in: context) }
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }

  private func replace(_ tensor: WeightTensor, in graph: inout Graph, seed: UInt64) throws -> LayerReport {
    func kept(_ reason: String) -> LayerReport { LayerReport(layer: tensor.label, outcome: "kept whole: \(reason)") }
    guard (try? tensor.node.int("group", default: 1)) == 1 else { return kept("its filters read some of the channels each") }
    guard (3...4).contains(tensor.shape.rank) else { return kept("filters \(tensor.shape) have no sequence of smaller ones here") }
    let weights = Tensor(try graph.weights(of: tensor), shape: tensor.shape)
    let filters = try FilterFactors(weights, method: method, keep: keep, seed: seed, name: tensor.weight)
    let replaced = try ConvolutionSequence(tensor.node, in: graph).graph(with: filters)
    if let objection = try condition.objection(to: replaced, of: graph) { return kept("\(filters.words) would be \(objection)") }
    let (before, after) = (try graph.multiplyAdds(), try replaced.multiplyAdds())
    graph = replaced
    return LayerReport(
      layer: tensor.label, outcome: "\(filters.words), \(after) multiply-adds of the model for \(before)",
      weightError: ErrorMeasure(of: filters.reconstructed, against: weights.doubles), figures: filters.figures)
  }
}

extension TensorFactorization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case method, keep, layers
    case condition = "where"
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(Method.self, forKey: .method), try container.decode(RankTarget.self, forKey: .keep),
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      condition: try container.decodeIfPresent(ReplacementCondition.self, forKey: .condition) ?? .faster,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
