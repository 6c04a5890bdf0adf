import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what a training step of convolutions costs; `PARE_STEP_TIMES=1 swift test -c release --filter
/// ConvolutionStepTimeReport`.
@Suite(.serialized) struct ConvolutionStepTimeReport {
  /// Four layers of 32 channels over 100 steps of 20 features, the mean over time, three classes; batch 64.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil), arguments: [3, 5])
  func microsecondsPerStep(kernel: Int) throws {
    let batchSize = 64
    let graph = try SampleNetworks.convolutional(features: 20, steps: 100, channels: [32, 32, 32, 32], kernel: kernel, classes: 3)
    var generator = SeededGenerator(seed: 5)
    let features = (0..<batchSize * 2000).map { _ in Float(generator.normal()) }
    let labels = (0..<batchSize).map { _ in Int64(generator.below(3)) }
    let data = try TrainingData([
      "features": Tensor(features, shape: [batchSize, 20, 100]), CrossEntropy().labels: Tensor(labels),
    ])
    var builder = try GraphBuilder(graph)
    let loss = try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: batchSize, optimizer: .adam()))
    let order = Array(0..<batchSize)
    var rounds: [Double] = []
    try order.withUnsafeBufferPointer { order in
      for _ in 0..<9 {
        // Of the processor, not of the wall: one thread, and other work on the machine does not count.
        let start = clock()
        for _ in 0..<20 { _ = try step.run(rows: order) }
        rounds.append(Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1e6 / 20)
      }
    }
    rounds.sort()
    print("CNN kernel \(kernel), batch \(batchSize): \(rounds[4]) µs a step (\(rounds[0]) to \(rounds[8]))")
  }
}
