import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what a training step of a recurrent network costs: two layers of 64, 50 steps of 20 features, batch 64, and
/// cross-entropy of a dense layer behind the last state;
/// `PARE_STEP_TIMES=1 swift test -c release --filter RecurrentStepTimeReport`.
@Suite(.serialized) struct RecurrentStepTimeReport {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil), arguments: ["LSTM", "GRU"])
  func millisecondsPerStep(layer: String) throws {
    let (batch, steps, features) = (64, 50, 20)
    var generator = SeededGenerator(seed: 3)
    let rows = batch * 4
    let data = try TrainingData([
      "features": Tensor((0..<rows * steps * features).map { _ in Float(generator.normal()) }, shape: [rows, steps, features]),
      "labels": Tensor((0..<rows).map { _ in Int64(generator.below(3)) }),
    ])
    var builder = try GraphBuilder(SampleNetworks.recurrent(OperatorName(layer), hidden: [64, 64], steps: steps, features: features))
    let loss = try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: batch, optimizer: .adam()))
    let order = Array(0..<rows)
    var rounds: [Double] = []
    try order.withUnsafeBufferPointer { order in
      for _ in 0..<9 {
        let start = ContinuousClock.now
        for index in 0..<20 {
          let first = index % 4 * batch
          _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + batch]))
        }
        rounds.append((ContinuousClock.now - start) / .milliseconds(1) / 20)
      }
    }
    rounds.sort()
    print("\(layer) 2×64, \(steps) steps of \(features), batch \(batch): \(rounds[4]) ms a step (\(rounds[0]) to \(rounds[8]))")
  }
}
