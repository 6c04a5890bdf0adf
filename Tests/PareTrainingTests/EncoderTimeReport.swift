import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what a training step of a Transformer encoder costs, and where the time goes;
/// `PARE_STEP_TIMES=1 swift test -c release --filter EncoderTimeReport`.
struct EncoderTimeReport {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil))
  func millisecondsPerStepAndPerOperator() throws {
    let batch = 64
    let encoder = SampleEncoder()
    let data = try encoder.data(count: 4 * batch)
    var builder = try GraphBuilder(encoder.graph())
    let loss = try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: batch, optimizer: .adam()))
    let order = Array(0..<data.rowCount)
    var times: [Double] = []
    try order.withUnsafeBufferPointer { order in
      for index in 0..<40 {
        let first = index % 4 * batch
        let start = ContinuousClock.now
        _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + batch]))
        times.append((ContinuousClock.now - start) / .milliseconds(1))
      }
    }
    times.sort()
    print("encoder 2×64, 4 heads, 50 steps, batch \(batch): \(times[20]) ms a step (\(times[0]) to \(times[39]))")

    var totals: [String: Duration] = [:]
    for _ in 0..<20 {
      for (node, duration) in try step.profile() { totals["\(node.operatorName)", default: .zero] += duration }
    }
    for (name, total) in totals.sorted(by: { $0.value > $1.value }).prefix(20) {
      print(String(format: "%8.0f µs  %@", total / .microseconds(20), name))
    }
    print("by the reference: \(step.referenceNodes)")
  }
}
