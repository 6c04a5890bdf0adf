import PareGraph
import PareTensor
import PareTraining
import RealModule

/// Looks for a small network within a large one that learns as well from where the large one began.
///
/// The network's weights are drawn anew, trained for a few epochs and remembered. Then, round by round: train, take the smallest
/// weights out, set those that stay back to what was remembered. What is left is the ticket; it is trained once more and becomes the
/// model. Whether it won is said beside it: the same zeros with weights drawn anew are trained as long, several times.
///
/// - Source: Frankle and Carbin 2019, arXiv:1803.03635; rewinding to an early epoch Frankle et al. 2020, arXiv:1912.05671.
public struct LotteryTicket: CompressionTechnique {
  public static let name = "lottery-ticket"

  /// Fraction of the selected weights that are zero afterwards, in `0 ..< 1`.
  public var sparsity: Double
  /// The rounds in which it is reached, each taking the same fraction of what is left.
  public var rounds: Int
  /// Epochs after which weights are remembered; 0 for as they were drawn.
  public var rewindEpochs: Int
  /// How many draws of other weights the ticket is compared with.
  public var draws: Int
  public var scope: Pruning.Scope
  public var layers: LayerSelector
  public var training: TrainingSchedule

  public init(
    sparsity: Double, rounds: Int = 4, rewindEpochs: Int = 1, draws: Int = 3, scope: Pruning.Scope = .global,
    layers: LayerSelector = .all, training: TrainingSchedule = TrainingSchedule()
  ) {
    self.sparsity = sparsity
    self.rounds = rounds
    self.rewindEpochs = rewindEpochs
    self.draws = draws
    self.scope = scope
    self.layers = layers
    self.training = training
  }

  public var effects: WeightEffects { WeightEffects(makes: [.zeros], undoes: WeightEffects.renewal) }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.sparsity).require(sparsity >= 0 && sparsity < 1, expected: "a fraction in 0 ..< 1", found: sparsity)
    try path.key(CodingKeys.rounds).require(rounds >= 1, expected: "at least 1", found: rounds)
    try path.key(CodingKeys.rewindEpochs).require(rewindEpochs >= 0, expected: "at least 0", found: rewindEpochs)
    try path.key(CodingKeys.draws).require(draws >= 1, expected: "at least 1", found: draws)
    try layers.validate(at: path.key(CodingKeys.layers))
    try training.validate(at: path.key(CodingKeys.training))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let layers = try layers.weights(of: model.graph).uniqueByWeight()
    let fresh = FreshWeights(model.graph)
    let runs = Double(rounds + 1 + draws)
    func trained(_ graph: Graph, run: Int, seed: UInt64, epochs: Int? = nil) throws -> Graph {
      var (context, schedule) = (context, training)
      let progress = context.progress
      context.seed = seed
      context.progress = { step in
        var step = step
        step.activity = "run \(run + 1) of \(Int(runs)), \(step.activity)"
        step.fraction = (Double(run) + step.fraction) / runs
        progress(step)
      }
      if let epochs { schedule.epochs = epochs }
      return try FineTuning(schedule).train(graph, inPlaceOf: model, for: Self.name, in: context)
    }
    var early = fresh.drawn(seed: context.seed, stream: "ticket")
    if rewindEpochs > 0 { early = try trained(early, run: 0, seed: context.seed, epochs: rewindEpochs) }
    var ticket = early
    for round in 1...rounds {
      let end = try trained(ticket, run: round - 1, seed: context.seed)
      let kept = PruningMask.kept(
        of: try layers.map { PruningMask.Layer(scores: try end.weights(of: $0).map { Double($0.magnitude) }, columns: 1) },
        sparsity: 1 - Double.pow(1 - sparsity, Double(round) / Double(rounds)), scope: scope, pattern: .anywhere)
      ticket = try masked(early, layers, kept)
    }
    var result = try trained(ticket, run: rounds, seed: context.seed)
    let validation = try context.validation ?? context.trainingRows(for: Self.name)
    let (own, dense) = (try result.labelLoss(on: validation), try model.graph.labelLoss(on: validation))
    var others: [Double] = []
    for draw in 0..<draws {
      let kept = try layers.map { try ticket.weights(of: $0).map { $0 != 0 } }
      let other = try masked(fresh.drawn(seed: context.seed, stream: "other/\(draw)"), layers, kept)
      others.append(try trained(other, run: rounds + 1 + draw, seed: context.seed &+ UInt64(draw)).labelLoss(on: validation))
    }
    let reports = try layers.map { layer -> LayerReport in
      let weights = try result.weights(of: layer)
      let storage = ParameterStorage.smallest(of: Tensor(weights, shape: layer.shape))
      result.parameters[layer.weight]?.storage = storage
      let zeros = weights.count { $0 == 0 }
      return LayerReport(
        layer: layer.label, outcome: "\(zeros) of \(weights.count) weights zero, stored as \(storage.words)",
        figures: ["sparsity": Double(zeros) / Double(weights.count), "bytes": Double(storage.byteCount)])
    }
    return CompressionResult(
      model: Model(graph: result, sections: model.sections), layers: [verdict(own: own, dense: dense, others: others)] + reports)
  }

  private func masked(_ graph: Graph, _ layers: [WeightTensor], _ kept: [[Bool]]) throws -> Graph {
    var graph = graph
    for (layer, kept) in zip(layers, kept) {
      let weights = zip(try graph.weights(of: layer), kept).map { $1 ? $0 : 0 }
      graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(weights, shape: layer.shape), layout: .bitmask)
    }
    return graph
  }

  private func verdict(own: Double, dense: Double, others: [Double]) -> LayerReport {
    let mean = others.reduce(0, +) / Double(others.count)
    let variance = others.count > 1 ? others.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(others.count - 1) : 0
    let spread = Double.sqrt(variance)
    // Where it lies further below than the draws lie from one another.
    let wins = own < mean - spread
    let words = "validation loss \(Float(own)); \(Float(mean)) ± \(Float(spread)) with \(others.count) draws of other weights; "
      + "\(Float(dense)) of the model before: " + (wins ? "the ticket wins" : "the ticket does not win")
    return LayerReport(
      layer: "all layers", outcome: words,
      figures: ["loss": own, "loss_of_draws": mean, "spread_of_draws": spread, "loss_before": dense, "wins": wins ? 1 : 0])
  }
}

extension LotteryTicket: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case sparsity, rounds, draws, scope, layers, training
    case rewindEpochs = "rewind-epochs"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let usual = LotteryTicket(sparsity: 0)
    self.init(
      sparsity: try container.decode(Double.self, forKey: .sparsity),
      rounds: try container.decodeIfPresent(Int.self, forKey: .rounds) ?? usual.rounds,
      rewindEpochs: try container.decodeIfPresent(Int.self, forKey: .rewindEpochs) ?? usual.rewindEpochs,
      draws: try container.decodeIfPresent(Int.self, forKey: .draws) ?? usual.draws,
      scope: try container.decodeIfPresent(Pruning.Scope.self, forKey: .scope) ?? usual.scope,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? usual.layers,
      training: try container.decodeIfPresent(TrainingSchedule.self, forKey: .training) ?? usual.training)
  }
}
