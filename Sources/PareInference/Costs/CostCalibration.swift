import CPareKernels
import PareGraph
import PareTensor

/// Measures what kernels take on this processor, each in a plan of a layer or two.
public struct CostCalibration {
  private let kernels: KernelSelection
  private let extents: [Int]
  private let rounds: Int
  /// Nanoseconds by operation and extents: the least that was seen.
  private var times: [String: [Extents: Double]] = [:]

  private struct Extents: Hashable {
    var inputs: Int
    var outputs: Int
  }

  /// - Parameters:
  ///   - extents: of dense layers, ascending; the least of a few rounds counts.
  public init(_ kernels: KernelSelection, extents: [Int] = [16, 32, 64, 128, 256, 512, 1024, 2048], rounds: Int = 5) {
    (self.kernels, self.extents, self.rounds) = (kernels, extents, rounds)
  }

  /// - Parameters:
  ///   - processor: what the table calls the machine.
  ///   - progress: told how much of the work is done, in 0 … 1.
  /// - Throws: what planning throws.
  public mutating func run(processor: String, progress: (Double) -> Void = { _ in }) throws -> CostTable {
    times = [:]
    let cases = CalibrationCase.all(extents: extents)
    for (index, item) in cases.enumerated() {
      try measure(item)
      progress(Double(index + 1) / Double(cases.count))
    }
    return CostTable(
      processor: processor, kernels: kernels.instructionSet, entry: try entry(), grids: times.compactMapValues(Self.grid))
  }

  private mutating func measure(_ item: CalibrationCase) throws {
    let graph = try item.graph()
    guard item.forced.allSatisfy(kernels.hasVectorVariant) else { return }
    let forced = item.forced.isEmpty ? kernels : try kernels.with(Self.table(kernels.costs, forcing: item.forced))
    let batch = graph.inputs.first?.type.dimensions.first
    let rows = batch?.fixedValue == nil ? item.rows : 1
    let plan = try ExecutionPlan(graph, outputs: nil, kernels: forced, rows: rows)
    let context = plan.makeContext()
    let features = [Float](repeating: 0.5, count: plan.inputs.first?.type.shape.elementCount ?? 1)
    let taken = try features.withUnsafeBufferPointer { features -> [Double]? in
      guard let base = features.baseAddress else { return nil }
      _ = try context.run(features: base)
      let once = context.stepTimes(features: base, rounds: 2, repeats: 2)?.reduce(0) { $0 + $1.nanoseconds } ?? 0
      // A fifth of a millisecond a round, so that the clock's cost is small in it.
      return context.stepTimes(features: base, rounds: rounds, repeats: max(Int(200_000 / max(once, 100)), 2))?.map(\.nanoseconds)
    }
    let steps = plan.steps.filter { $0.kernel != "view" }
    guard let taken, taken.count == steps.count else { return }
    for (step, nanoseconds) in zip(steps, taken) {
      let key = Extents(inputs: step.extent.inputs, outputs: step.extent.outputs)
      let operation = ExecutionPlan.Step.operation(of: step.kernel)
      let each = max(nanoseconds / (step.extent.times * step.extent.share), 0.01)
      times[operation, default: [:]][key] = min(times[operation]?[key] ?? .infinity, each)
    }
  }

  /// The table with dense products, and forms still more, at costs below all others.
  private static func table(_ costs: CostTable, forcing forced: [pare_operation]) -> CostTable {
    let dense = [pare_operation_dense_f32, pare_operation_dense_u8s8_u8, pare_operation_dense_u8s8_f32]
    func name(_ operation: pare_operation) -> String { String(cString: pare_operation_name(operation)) }
    let cheap = dense.reduce(costs) { $0.replacing(name($1), by: .constant(1)) }
    return forced.reduce(cheap) { $0.replacing(name($1), by: .constant(1e-9)) }
  }

  /// What a decision takes besides its steps.
  private func entry() throws -> Double {
    var layers = try Layers("entry", input: ["batch", 16])
    try layers.apply("Relu")
    let plan = try ExecutionPlan(layers.finish(), outputs: nil, kernels: kernels, rows: 1)
    let rows = [Float](repeating: 0.5, count: 16 * 1024)
    let timing = try DecisionLatency(plan, inputs: rows)
    let whole = try (0..<rounds + 5).map { _ in try timing.chain(rounds: 4) }.min() ?? 0
    let steps = rows.withUnsafeBufferPointer { rows in
      rows.baseAddress.flatMap { plan.makeContext().stepTimes(features: $0, rounds: rounds, repeats: 1000) }
    }
    return Self.rounded(max(whole - (steps?.reduce(0) { $0 + $1.nanoseconds } ?? 0), 0.1))
  }

  /// What was measured at every pair of extents of two axes.
  private static func grid(_ times: [Extents: Double]) -> CostGrid? {
    let inputs = Set(times.keys.map(\.inputs)).sorted()
    let outputs = Set(times.keys.map(\.outputs)).sorted()
    // A few extents that came along do not make a row.
    let full = inputs.filter { input in outputs.count { times[Extents(inputs: input, outputs: $0)] != nil } * 2 > outputs.count }
    let columns = outputs.filter { output in full.allSatisfy { times[Extents(inputs: $0, outputs: output)] != nil } }
    guard !full.isEmpty, !columns.isEmpty else { return nil }
    return CostGrid(
      inputs: full, outputs: columns,
      nanoseconds: full.flatMap { input in columns.map { rounded(times[Extents(inputs: input, outputs: $0)] ?? 0) } })
  }

  /// Three digits say what such a measurement knows.
  private static func rounded(_ nanoseconds: Double) -> Double {
    var (unit, parts) = (1.0, 100.0)
    while parts > 1, nanoseconds * parts >= 1000 { parts /= 10 }
    while nanoseconds / unit >= 1000 { unit *= 10 }
    return unit > 1 ? (nanoseconds / unit).rounded() * unit : max((nanoseconds * parts).rounded(), 1) / parts
  }
}
