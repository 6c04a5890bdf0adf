import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what a training step costs; `PARE_STEP_TIMES=1 swift test -c release --filter StepTimeReport`.
struct StepTimeReport {
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil),
    arguments: [([20, 16, 8, 3], 32), ([20, 16, 8, 3], 256), ([20, 128, 64, 32, 3], 256), ([20, 512, 512, 512, 512, 3], 256)])
  func microsecondsPerStep(widths: [Int], batchSize: Int) throws {
    let data = try SampleNetworks.linear(rows: batchSize * 4, features: widths[0], classes: 3, seed: 1)
    var builder = try GraphBuilder(SampleNetworks.dense(widths))
    let loss = try CrossEntropy().append(to: &builder)
    let settings = TrainingSettings(batchSize: batchSize, optimizer: .adam())
    let step = try TrainingStep(builder.graph, loss: loss, data: data, settings: settings)
    let order = Array(0..<data.rowCount)
    let count = widths.contains(512) ? 100 : 2000
    var rounds: [Double] = []
    try order.withUnsafeBufferPointer { order in
      for _ in 0..<7 {
        let start = ContinuousClock.now
        for index in 0..<count {
          let first = index % 4 * batchSize
          _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + batchSize]))
        }
        rounds.append((ContinuousClock.now - start) / .microseconds(1) / Double(count))
      }
    }
    rounds.sort()
    print("\(widths.map(String.init).joined(separator: "-")) batch \(batchSize): \(rounds[3]) µs a step (\(rounds[0]) to \(rounds[6]))")
  }
}
