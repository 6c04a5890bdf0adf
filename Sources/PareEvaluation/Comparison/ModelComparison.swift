import Foundation
import PareCompression
import PareGraph
import PareInference
import PareTensor

/// Two models side by side: what they weigh, what a decision takes them, layer by layer, how far they agree, and on an experiment's
/// data what either earns.
public struct ModelComparison: Sendable, Encodable {
  /// The files.
  public let a: String
  public let b: String
  /// `bytes` of the file, `parameter_bytes`, `plan_bytes`, `parameters`, `non_zeros`, `multiply_adds`, `estimate_ns` by the cost
  /// table, and as measured `p50_ns`, `p99_ns`.
  public let figures: [FigureComparison]
  public let layers: [LayerComparison]
  /// nil where no rows were given and none can be drawn.
  public let agreement: OutputAgreement?
  /// nil without an experiment.
  public let money: ModelMoney?

  /// - Parameters:
  ///   - paths: of two models, `.pare` or `.onnx`.
  ///   - inputs: rows by input, as `ModelPrediction.run` takes them. Without any the rows are the experiment's validation part, and
  ///     without that random.
  ///   - experiment: a file, on whose data the models decide.
  ///   - seed: of random rows.
  ///   - decisions: timed one by one, three times per model.
  /// - Throws: what reading and planning meet; an error that names the input that does not fit.
  public static func make(
    _ paths: (a: String, b: String), inputs: [String: Tensor], experiment: String?, seed: UInt64, decisions: Int,
    observer: any RunObserver
  ) async throws -> ModelComparison {
    let models = (a: try ModelFile.read(paths.a), b: try ModelFile.read(paths.b))
    let judged = try await experiment.asyncMap { try await ComparedData(ExperimentFile.read($0), observer: observer) }
    var rows = inputs.isEmpty ? nil : ComparedRows(inputs, source: "given rows")
    rows = rows ?? judged?.rows ?? ComparedRows(random: seed, for: models.a.graph)
    let agreement = try rows.map { try OutputAgreement(models.a, models.b, on: $0) }
    let money = try judged.map { try ModelMoney((models.a, paths.a), (models.b, paths.b), on: $0) }
    return try ModelComparison(paths, models, agreement, money, seed: seed, decisions: decisions, observer: observer)
  }

  private init(
    _ paths: (a: String, b: String), _ models: (a: Model, b: Model), _ agreement: OutputAgreement?, _ money: ModelMoney?,
    seed: UInt64, decisions: Int, observer: any RunObserver
  ) throws {
    (a, b) = paths
    self.agreement = agreement
    self.money = money
    let inspections = (a: try Self.inspection(models.a, paths.a), b: try Self.inspection(models.b, paths.b))
    layers = LayerComparison.layers((models.a.graph, inspections.a), (models.b.graph, inspections.b))
    observer.began("time decisions", units: 0)
    let latencies = try ComparedLatency.measure(
      [try ExecutionPlan(models.a), try ExecutionPlan(models.b)], seed: seed, decisions: decisions)
    observer.ended("\(decisions) decisions a model, three times")
    figures = [FigureComparison](
      try Self.figures(models.a, inspections.a, latencies?[0]), try Self.figures(models.b, inspections.b, latencies?[1]))
  }

  private static func inspection(_ model: Model, _ path: String) throws -> ModelInspection {
    let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
    return try ModelInspection(model, fileBytes: size?.intValue)
  }

  private static func figures(
    _ model: Model, _ inspection: ModelInspection, _ latency: (p50: Double, p99: Double)?
  ) throws -> [RunFigure] {
    let figures: [(name: String, value: Double?)] = [
      ("bytes", inspection.fileBytes.map { Double($0) }), ("parameter_bytes", Double(inspection.parameterBytes)),
      ("plan_bytes", Double(inspection.planBytes)), ("parameters", Double(inspection.learnedParameters)),
      ("non_zeros", Double(try model.graph.learnedNonZeroCount())), ("multiply_adds", Double(inspection.multiplyAdds)),
      ("estimate_ns", inspection.estimateNs), ("p50_ns", latency?.p50), ("p99_ns", latency?.p99),
    ]
    return figures.compactMap { figure in figure.value.map { RunFigure(name: figure.name, value: $0) } }
  }
}

extension Optional {
  fileprivate func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async rethrows -> Value? {
    guard let self else { return nil }
    return try await transform(self)
  }
}
