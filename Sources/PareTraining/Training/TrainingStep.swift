import PareGraph
import PareTensor

/// Everything that one step of training needs, made ready once: the graph of loss and gradient, planned for the full
/// batch and for the smaller one at an epoch's end, and the parameters, their gradient and the optimizer's moments as
/// vectors of one layout.
///
/// A step allocates nothing.
package final class TrainingStep {
  package let parameters: ParameterVector
  /// The running averages that normalizations keep; not trained, but moved by every step.
  package let statistics: ParameterVector
  private let gradient: ParameterVector
  private let optimizer: OptimizerState
  private let gradientNorm: Double?
  /// 1 where an element may change; nil where all may.
  private let mask: UnsafeMutableBufferPointer<UInt8>?
  private let plans: [Plan]
  private let kernels: TrainingKernels
  private var stepCount: UInt64 = 0

  /// The graph of loss and gradient for one batch size.
  private struct Plan {
    let rows: RowExecutor
    let loss: UnsafePointer<Float>
    /// Gradients that could not be written where they belong: one value that is the gradient of two parameters.
    let copies: [(from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int)]
    /// The running averages after the step.
    let updates: [(from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int)]
  }

  /// - Parameter graph: the model with `loss` appended to it.
  package init(
    _ graph: Graph, loss: String, data: TrainingData, settings: TrainingSettings, kernels: TrainingKernels = .best
  ) throws {
    let form = try TrainingForm(graph, seed: settings.seed)
    let differentiation = try Differentiation(of: loss, in: form.graph.fusingAttention(keeping: Set([loss] + form.updates.map(\.value))))
    guard !differentiation.gradients.isEmpty else {
      throw TrainingError(
        "nothing-trainable", subject: "graph '\(graph.name)'", expected: "a trainable parameter that the loss depends on",
        found: "none")
    }
    let layout = try ParameterLayout(graph, names: differentiation.gradients.keys)
    parameters = ParameterVector(layout, of: graph)
    gradient = ParameterVector(layout)
    statistics = ParameterVector(try ParameterLayout(graph, names: form.updates.map(\.parameter)), of: graph)
    optimizer = OptimizerState(settings.optimizer, layout: layout, kernels: kernels)
    gradientNorm = settings.gradientNorm
    self.kernels = kernels
    mask = layout.trainingMask(of: graph)
    var plans: [Plan] = []
    for size in chunkSizes(of: data.rowCount, limit: settings.batchSize) {
      plans.append(
        try Self.plan(
          differentiation, loss: loss, rowCount: size, data: data, parameters: parameters, gradient: gradient,
          statistics: statistics, updates: form.updates, kernels: kernels))
    }
    self.plans = plans
  }

  deinit {
    mask?.deallocate()
  }

  /// One step on the given rows, as many as the batch or what an epoch leaves over.
  ///
  /// - Returns: the loss before the step.
  package func run(rows: UnsafeBufferPointer<Int>) throws -> Float {
    guard let plan = plans.first(where: { $0.rows.rowCount == rows.count }) else {
      preconditionFailure("no plan for \(rows.count) rows")
    }
    try plan.rows.execute(rows: rows, step: stepCount)
    stepCount += 1
    for copy in plan.copies { copy.to.update(from: copy.from, count: copy.count) }
    if let mask { kernels.optimizer.keep(gradient.elements.baseAddress, mask.baseAddress, mask.count) }
    if let gradientNorm { limitGradient(to: gradientNorm) }
    optimizer.step(parameters, gradient: gradient)
    for update in plan.updates { update.to.update(from: update.from, count: update.count) }
    return plan.loss.pointee
  }

  /// How long each node of loss and gradient takes on a full batch of whatever the buffers hold.
  package func profile() throws -> [(node: Node, duration: Duration)] {
    try plans.first?.rows.executor.profile() ?? []
  }

  /// Names of the nodes that the reference evaluates.
  package var referenceNodes: [String] { plans.first?.rows.executor.referenceNodes ?? [] }

  private func limitGradient(to limit: Double) {
    let norm = Double(kernels.reduction.sum_of_squares(gradient.elements.baseAddress, gradient.elements.count)).squareRoot()
    if norm > limit { kernels.optimizer.scale(gradient.elements.baseAddress, Float(limit / norm), gradient.elements.count) }
  }

  /// Plans loss and gradient so that each gradient is computed straight into its place in the vector.
  private static func plan(
    _ differentiation: Differentiation, loss: String, rowCount: Int, data: TrainingData, parameters: ParameterVector,
    gradient: ParameterVector, statistics: ParameterVector, updates: [(parameter: String, value: String)],
    kernels: TrainingKernels
  ) throws -> Plan {
    let computed = Set(differentiation.graph.nodes.flatMap(\.outputs)).subtracting([loss])
    var placed: [String: UnsafeMutableRawPointer] = [:]
    var copied: [(value: String, entry: ParameterLayout.Entry)] = []
    for entry in parameters.layout.entries {
      placed[entry.name] = UnsafeMutableRawPointer(parameters.address(of: entry))
      guard let value = differentiation.gradients[entry.name] else { continue }
      if computed.contains(value), placed[value] == nil {
        placed[value] = UnsafeMutableRawPointer(gradient.address(of: entry))
      } else {
        copied.append((value, entry))
      }
    }
    for entry in statistics.layout.entries {
      placed[entry.name] = UnsafeMutableRawPointer(statistics.address(of: entry))
    }
    let kept = [loss] + copied.map(\.value) + updates.map(\.value)
    let rows = try RowExecutor(
      differentiation.graph, rowCount: rowCount, outputs: kept, data: data, placed: placed,
      owners: [parameters, gradient, statistics], kernels: kernels)
    func address(_ value: String) throws -> UnsafePointer<Float> {
      UnsafePointer(try rows.executor.buffer(of: value).bindMemory(to: Float.self).baseAddress.unsafelyUnwrapped)
    }
    return Plan(
      rows: rows, loss: try address(loss),
      copies: try copied.map { (try address($0.value), gradient.address(of: $0.entry), $0.entry.shape.elementCount) },
      // The layout has the statistics in the order of the updates: all are vectors.
      updates: try zip(updates, statistics.layout.entries).map {
        (try address($0.value), statistics.address(of: $1), $1.shape.elementCount)
      })
  }
}

extension ParameterLayout {
  /// The masks of sparse parameters over the whole vector; nil where none is sparse.
  fileprivate func trainingMask(of graph: Graph) -> UnsafeMutableBufferPointer<UInt8>? {
    let masks = entries.map { graph.parameters[$0.name]?.storage.trainingMask }
    guard masks.contains(where: { $0 != nil }) else { return nil }
    let result = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: elementCount)
    result.initialize(repeating: 1)
    for (entry, mask) in zip(entries, masks) {
      for (index, keeps) in (mask ?? []).enumerated() where !keeps { result[entry.offset + index] = 0 }
    }
    return result
  }
}
