import PareGraph
import PareTensor

/// Rounds every learned number to a whole multiple of its tensor's step, steps chosen so that an entropy coder needs few bits and the scores
/// change little.
///
/// Steps are powers of two, so that what is rounded stays exact in Float32, and in integers of a later quantization too. Each tensor's step
/// is the one with the least `noise + λ · bits`: its noise in the scores, measured on the training part, and the bits of an adaptive code.
/// One λ for all tensors spends bits where they are felt. Numbers smaller than half a step become zero. With `fine-tuning` the numbers behind
/// learn on, rounded in every step.
///
/// - Source: Chou, Lookabaugh and Gray 1989, doi:10.1109/29.17498 (entropy-constrained quantization); Gish and Pierce 1968,
///   doi:10.1109/TIT.1968.1054193 (even steps are nearly the best there is once what they give is coded); Shoham and Gersho 1988,
///   doi:10.1109/29.90373 (one λ for all).
public struct EntropyQuantization: CompressionTechnique {
  public static let name = "entropy-quantization"

  /// Mean bits of a number under an adaptive code, above 0, at most 16.
  public var bits: Double
  /// Rows of the training part on which noise is measured.
  public var rows: Int
  public var layers: LayerSelector
  /// Training of the numbers before they are rounded for good; nil rounds them as they are.
  public var fineTuning: FineTuning?

  public init(bits: Double, rows: Int = 2048, layers: LayerSelector = .all, fineTuning: FineTuning? = nil) {
    (self.bits, self.rows, self.layers, self.fineTuning) = (bits, rows, layers, fineTuning)
  }

  public var effects: WeightEffects { WeightEffects(makes: [.sharedValues]) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.bits).require(bits > 0 && bits <= 16, expected: "bits above 0, at most 16", found: bits)
    try path.key(CodingKeys.rows).require(rows >= 1, expected: "at least 1", found: rows)
    try layers.validate(at: path.key(CodingKeys.layers))
    try fineTuning?.validate(at: path.key(CodingKeys.fineTuning))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var result = model
    let numbers = try learnedNumbers(of: model.graph)
    let choice = try StepChoice(model.graph, numbers, rows: context.trainingRows(for: Self.name).evenlySpaced(rows), in: context)
    var grids = choice.grids(forBits: bits)
    if let fineTuning {
      let form = RoundedForm(model.graph, grids)
      let trained = try fineTuning.train(form.graph, inPlaceOf: model, for: Self.name, in: context)
      result.graph = form.original(of: trained)
      grids = grids.map { $0.with(values: result.graph.values(of: $0.parameter)) }
    }
    for grid in grids { result.graph.parameters[grid.parameter]?.storage = grid.storage }
    return CompressionResult(model: result, layers: grids.map { $0.report(of: model.graph) })
  }

  /// Trainable parameters of Float32: all, or those that the selected layers read.
  ///
  /// - Throws: `compression.no-layers` where there are none.
  private func learnedNumbers(of graph: Graph) throws -> [String] {
    let selected = layers == .all ? nil : Set(try layers.storedLayers(of: graph).flatMap(\.parameters))
    let numbers = graph.parameters.compactMap { name, parameter -> String? in
      let isNumber = parameter.isTrainable && parameter.storage.elementType == .float32 && parameter.storage.shape.elementCount > 0
      return isNumber && selected?.contains(name) != false ? name : nil
    }
    if numbers.isEmpty { _ = try LayerSelector.all.selected([WeightTensor](), of: graph) }
    return numbers
  }
}

extension EntropyQuantization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case bits, rows, layers
    case fineTuning = "fine-tuning"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      bits: try container.decode(Double.self, forKey: .bits),
      rows: try container.decodeIfPresent(Int.self, forKey: .rows) ?? 2048,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      fineTuning: try container.decodeIfPresent(FineTuning.self, forKey: .fineTuning))
  }
}
