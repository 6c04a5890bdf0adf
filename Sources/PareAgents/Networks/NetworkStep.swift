import PareGraph
import PareTensor
import PareTraining

/// A network in training on batches that are made while it learns.
final class NetworkStep {
  let graph: Graph
  private let step: TrainingStep
  private let rows: [Int]

  /// - Parameters:
  ///   - columns: width of each further input of the loss; all are `[batchSize, width]` of Float32.
  init(
    _ graph: Graph, loss: some Loss, observationWidth: Int, columns: [String: Int], batchSize: Int, optimizer: Optimizer,
    gradientNorm: Double?, seed: UInt64
  ) throws {
    var builder = try GraphBuilder(graph)
    let scalar = try loss.append(to: &builder)
    var tensors = ["features": Tensor(zeros: .float32, shape: [batchSize, observationWidth])]
    for (name, width) in columns { tensors[name] = Tensor(zeros: .float32, shape: [batchSize, width]) }
    let settings = TrainingSettings(
      epochs: 1, batchSize: batchSize, optimizer: optimizer, gradientNorm: gradientNorm, patience: nil, seed: seed)
    // Members of an ensemble train side by side, each on one thread.
    step = try TrainingStep(
      builder.graph, loss: scalar, data: TrainingData(tensors), settings: settings, threads: 1)
    self.graph = graph
    rows = Array(0..<batchSize)
  }

  /// The weights, which each step moves.
  var parameters: ParameterVector { step.parameters }
  var batchSize: Int { rows.count }
  var trained: Graph { graph.replacingParameters(with: parameters) }

  /// One step.
  ///
  /// - Parameter columns: `features` and the further inputs, row-major.
  /// - Returns: the loss before it.
  /// - Throws: `agent.diverged` where that is not finite.
  func run(_ columns: [String: [Float]]) throws -> Double {
    step.take(
      try TrainingData(columns.mapValues { Tensor($0, shape: [batchSize, $0.count / batchSize]) }))
    let loss = try rows.withUnsafeBufferPointer { Double(try step.run(rows: $0)) }
    guard loss.isFinite else {
      throw AgentError("diverged", subject: "training", expected: "a finite loss; a lower learning rate", found: "\(loss)")
    }
    return loss
  }
}
