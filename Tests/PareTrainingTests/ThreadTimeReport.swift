import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what pieces and threads do to the time of a step, all by turns in one run;
/// `PARE_STEP_TIMES=1 swift test -c release --filter ThreadTimeReport`.
@Suite(.serialized) struct ThreadTimeReport {
  private static func network(_ name: String) throws -> (graph: Graph, row: Shape, batch: Int) {
    switch name {
    case "MLP 20-128-64-32-3": (try SampleNetworks.dense([20, 128, 64, 32, 3]), [20], 256)
    case "MLP 20-4×512-3": (try SampleNetworks.dense([20, 512, 512, 512, 512, 3]), [20], 256)
    case "CNN 4×32": (
      try SampleNetworks.convolutional(features: 20, steps: 100, channels: [32, 32, 32, 32], kernel: 3, classes: 3), [20, 100], 64)
    default: (try SampleNetworks.recurrent("LSTM", hidden: [64, 64], steps: 50, features: 20), [50, 20], 64)
    }
  }

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil),
    arguments: ["MLP 20-128-64-32-3", "MLP 20-4×512-3", "CNN 4×32", "LSTM 2×64"])
  func microsecondsPerStep(name: String) throws {
    let (graph, row, batch) = try Self.network(name)
    var generator = SeededGenerator(seed: 3)
    let count = batch * row.elementCount
    let data = try TrainingData([
      "features": Tensor((0..<count).map { _ in Float(generator.normal()) }, shape: Shape([batch] + row.dimensions)),
      "labels": Tensor((0..<batch).map { _ in Int64(generator.below(3)) }),
    ])
    var builder = try GraphBuilder(graph)
    let loss = try CrossEntropy().append(to: &builder)
    let settings = TrainingSettings(batchSize: batch, optimizer: .adam())
    let steps = try [1, 2].map {
      try TrainingStep(builder.graph, loss: loss, data: data, settings: settings, threads: $0)
    }
    let order = Array(0..<batch)
    var times: [[Double]] = [[], []]
    try order.withUnsafeBufferPointer { order in
      for _ in 0..<31 {
        for (index, step) in steps.enumerated() {
          let start = ContinuousClock.now
          for _ in 0..<10 { _ = try step.run(rows: order) }
          times[index].append((ContinuousClock.now - start) / .microseconds(1) / 10)
        }
      }
    }
    let medians = times.map { $0.sorted()[15] }
    let least = times.map { $0.min() ?? 0 }
    print(
      "\(name), batch \(batch), \(steps[0].pieceCount) pieces: 1 thread \(medians[0]) µs (least \(least[0])), "
        + "\(steps[1].threadCount) threads \(medians[1]) µs (least \(least[1]))")
  }
}
