import PareArtifact
import PareBacktest
import PareCompression
import PareGraph
import PareInference
import PareMarket
import PareTensor

/// A teacher that cannot take the experiment's rows itself, as it would run: its models one after another, each on what it sees.
struct TeacherDeployment: Sendable {
  /// Paths of the models' files.
  let artifacts: [String]
  let bytes: Int
  let weightBytes: Int
  let planBytes: Int
  let parameters: Int
  let multiplyAdds: Int?
  /// The sum of the models'; nil where there are none, or one has no plan for single rows.
  let latency: Latency?

  /// Writes the models and times them.
  ///
  /// - Parameters:
  ///   - path: of a model's file within the folder, from the model's name; that of the only one from nothing.
  ///   - isTimed: whether the clock is asked.
  init(
    _ teacher: TrainedTeacher, data: ExperimentData, to output: RunFolder, path: (String?) -> String, decisions: Int, isTimed: Bool
  ) throws {
    var paths: [String] = []
    var (bytes, weightBytes, planBytes, parameters) = (0, 0, 0, 0)
    var (multiplyAdds, latency): (Int?, Latency?) = (0, nil)
    for part in teacher.parts {
      let file = path(teacher.parts.count == 1 ? nil : part.name)
      paths.append(file)
      bytes += try output.write(part.model, to: file)
      weightBytes += part.model.graph.storedByteCount
      parameters += part.model.graph.learnedElementCount
      multiplyAdds = (try? part.model.graph.multiplyAdds()).flatMap { own in multiplyAdds.map { $0 + own } }
      let plan = try ExecutionPlan(part.model)
      planBytes += plan.residentByteCount
      guard isTimed else { continue }
      let own = try Self.measurement(of: part, plan, data).measure(decisions: decisions)
      latency = latency.map { $0 + own } ?? own
    }
    artifacts = paths
    (self.bytes, self.weightBytes, self.planBytes, self.parameters) = (bytes, weightBytes, planBytes, parameters)
    self.multiplyAdds = teacher.parts.isEmpty ? nil : multiplyAdds
    self.latency = latency
  }

  private static func measurement(
    of part: TrainedTeacher.Part, _ plan: ExecutionPlan, _ data: ExperimentData
  ) throws -> LatencyMeasurement {
    switch part.fed {
    case .rows(let features): LatencyMeasurement(plan, features: Array(try data.view(of: features).dataset.features(of: .test)))
    case .other where plan.inputs.count > 1: LatencyMeasurement(try ExecutionPlan(part.model.graph.complete), seed: 0)
    case .other: LatencyMeasurement(plan, seed: 0)
    }
  }
}

extension Graph {
  /// A network over a cross-section in which every symbol is there, so that it has one input.
  fileprivate var complete: Graph {
    var graph = self
    for input in inputs.dropFirst() {
      let row = input.type.dimensions.dropFirst().map { $0.fixedValue ?? 1 }
      let ones = Tensor([Float](repeating: 1, count: row.reduce(1, *)), shape: Shape([1] + row))
      graph.parameters[input.name] = Parameter(ParameterStorage(ones), isTrainable: false)
    }
    graph.inputs = Array(inputs.prefix(1))
    return graph
  }
}

extension Latency {
  /// One decision after another: medians and percentiles are added, which states no less than it takes.
  fileprivate static func + (left: Latency, right: Latency) -> Latency {
    Latency(
      p50: left.p50 + right.p50, p99: left.p99 + right.p99, p999: left.p999 + right.p999, max: left.max + right.max, clock: left.clock)
  }
}

extension TrainedTeacher {
  /// What its models weigh, added up.
  func costs() throws -> [String: Double] {
    try parts.reduce(into: [:]) { sum, part in
      for (name, value) in try part.model.costs(nil) { sum[name, default: 0] += value }
    }
  }
}
