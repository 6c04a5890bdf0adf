import Foundation
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// Prints what a training step of each architecture costs in processor time on one thread, which other work on the machine
/// does not add to, and which nodes are left to the reference;
/// `PARE_STEP_TIMES=1 swift test -c release --skip-build --filter ArchitectureTimeReport`.
@Suite(.serialized) struct ArchitectureTimeReport {
  private static let batch = 64

  private static let networks: [ArchitectureSample] = {
    let mlp = MultilayerPerceptron(
      inputs: 40, hidden: [Int](repeating: 512, count: 8), outputs: 3, activation: .gelu, isResidual: true)
    let tcn = TemporalConvolutionalNetwork(steps: 64, inputs: 20, channels: [32, 32, 32, 32], outputs: 3)
    let lstm = RecurrentNetwork(.lstm, steps: 64, inputs: 20, hidden: [64], outputs: 3, hasAttention: true)
    let transformer = TransformerEncoder(steps: 64, inputs: 20, outputs: 3)
    let book = DeepLOB(snapshots: 100, levels: 10, outputs: 3)
    func section(_ edges: SymbolEdges, steps: Int? = nil) -> CrossSection {
      CrossSection(symbols: 50, steps: steps, inputs: 20, outputs: 3, edges: edges)
    }
    let learned = SymbolEdges.learned(dimensions: 8)
    let gat = GraphAttentionNetwork(section(learned))
    let gatv2 = GraphAttentionNetwork(section(learned), scoring: .gatv2)
    let temporal = GraphAttentionNetwork(section(learned, steps: 16))
    let graphs = GraphTransformer(section(learned))
    let complete = GraphTransformer(section(.complete))
    return [
      ArchitectureSample(name: "mlp 8 × 512 residual", row: [40], parameterCount: 0) { try mlp.graph(seed: $0) },
      ArchitectureSample(name: "tcn 4 × 32, 64 × 20", row: [64, 20], parameterCount: 0) { try tcn.graph(seed: $0) },
      ArchitectureSample(name: "lstm 64, attention, 64 × 20", row: [64, 20], parameterCount: 0) { try lstm.graph(seed: $0) },
      ArchitectureSample(name: "transformer 2 × 64, 64 × 20", row: [64, 20], parameterCount: 0) { try transformer.graph(seed: $0) },
      ArchitectureSample(name: "deeplob 8, 32, 100 × 40", row: [100, 40], parameterCount: 0) { try book.graph(seed: $0) },
      ArchitectureSample(name: "gat, 50 × 20", row: [50, 20], parameterCount: 0) { try gat.graph(seed: $0) },
      ArchitectureSample(name: "gatv2, 50 × 20", row: [50, 20], parameterCount: 0) { try gatv2.graph(seed: $0) },
      ArchitectureSample(name: "gat, 50 × 16 × 20", row: [50, 16, 20], parameterCount: 0) { try temporal.graph(seed: $0) },
      ArchitectureSample(name: "graph transformer, learned, 50 × 20", row: [50, 20], parameterCount: 0) { try graphs.graph(seed: $0) },
      ArchitectureSample(name: "graph transformer, complete, 50 × 20", row: [50, 20], parameterCount: 0) { try complete.graph(seed: $0) },
    ]
  }()

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil), arguments: networks)
  func millisecondsPerStep(_ network: ArchitectureSample) throws {
    let (batch, rows) = (Self.batch, 2 * Self.batch)
    let graph = try network.build(1)
    let symbols = graph.inputs.count > 1 ? network.row[0] : 0
    var inputs = ["features": network.features(rows)]
    inputs["labels"] = Tensor(
      (0..<rows * max(symbols, 1)).map { Int64($0 % 3) }, shape: symbols > 0 ? [rows, symbols] : [rows])
    if symbols > 0 { inputs["mask"] = Tensor([Float](repeating: 1, count: rows * symbols), shape: [rows, symbols]) }
    var builder = try GraphBuilder(graph)
    let loss = symbols > 0 ? try CrossSectionCrossEntropy().append(to: &builder) : try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: TrainingData(inputs), settings: TrainingSettings(batchSize: batch, optimizer: .adam()),
      threads: 1)
    let order = Array(0..<rows)
    var times: [Double] = []
    try order.withUnsafeBufferPointer { order in
      for index in 0..<12 {
        let first = index % 2 * batch
        let start = clock()
        _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + batch]))
        times.append(Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000)
      }
    }
    times.sort()
    print("\(network.name), batch \(batch): \(times[6]) ms a step (\(times[0]) to \(times[11]))")
    var totals: [String: Duration] = [:]
    let reference = Set(step.referenceNodes)
    for (node, duration) in try step.profile() {
      totals["\(node.operatorName)\(reference.contains(node.name) ? " (reference)" : "")", default: .zero] += duration
    }
    for (name, total) in totals.sorted(by: { $0.value > $1.value }).prefix(8) {
      print(String(format: "%8.0f µs  %@", total / .microseconds(1), name))
    }
  }
}
