import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Prints what fake quantization adds to a training step, in time of the processor, which waiting for it is no part of;
/// `PARE_STEP_TIMES=1 swift test -c release --no-parallel --filter QuantizedStepTimeReport`.
struct QuantizedStepTimeReport {
  /// The network with its weights and the inputs of its layers fake-quantized, all scales learned.
  static func quantized(_ graph: Graph, blockSize: Int) throws -> Graph {
    var builder = GraphBuilder(name: graph.name)
    for input in graph.inputs { _ = try builder.input(input.name, input.type) }
    for (name, parameter) in graph.parameters { _ = try builder.parameter(name, parameter) }
    func learned(_ scale: Tensor, _ stem: String) throws -> String {
      let start = try builder.constant(scale, named: "\(stem).scale")
      let logarithm = try builder.parameter(
        "\(stem).logarithm", Tensor(zeros: .float32, shape: scale.shape), isTrainable: true)
      return try builder.apply("Mul", [start, builder.apply("Exp", [logarithm])])
    }
    for node in graph.nodes {
      var node = node
      if node.operatorName == "Gemm" {
        let (x, w) = (node.inputs[0], node.inputs[1])
        let zero = try builder.constant(Tensor(scalar: 128 as UInt8), named: "\(x).zero")
        node.inputs[0] = try builder.apply(
          FakeQuantize.name, [x, learned(Tensor(scalar: 0.03 as Float), x), zero],
          attributes: ["lowest": .int(0), "highest": .int(255), "gradient_scale": .float(0.01)])
        let shape = try #require(graph.parameters[w]).storage.shape
        var scale = try learned(
          Tensor([Float](repeating: 0.003, count: shape[0]), shape: blockSize > 0 ? [shape[0], 1] : [shape[0]]), w)
        if blockSize > 0 {
          let groups = (shape[1] + blockSize - 1) / blockSize
          let factors = try builder.constant(Tensor([Float](repeating: 20, count: shape[0] * groups), shape: [shape[0], groups]))
          scale = try builder.apply("Mul", [factors, scale])
        }
        node.inputs[1] = try builder.apply(
          FakeQuantize.name, [w, scale],
          attributes: [
            "axis": .int(blockSize > 0 ? 1 : 0), "block_size": .int(blockSize), "gradient_scale": .float(0.01),
            "lowest": .int(blockSize > 0 ? -8 : -127), "highest": .int(blockSize > 0 ? 7 : 127),
          ])
      }
      try builder.append(node)
    }
    for output in graph.outputs { try builder.output(output.name) }
    return builder.graph
  }

  /// Of this thread, in microseconds.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["PARE_STEP_TIMES"] != nil),
    arguments: [([20, 128, 64, 32, 3], 256), ([64, 256, 256, 256, 3], 256), ([20, 512, 512, 512, 512, 3], 256)])
  func addedTime(widths: [Int], batchSize: Int) throws {
    let data = try SampleNetworks.linear(rows: batchSize * 4, features: widths[0], classes: 3, seed: 1)
    let plain = try SampleNetworks.dense(widths)
    let steps = try [plain, Self.quantized(plain, blockSize: 0), Self.quantized(plain, blockSize: 32)].map { graph in
      var builder = try GraphBuilder(graph)
      let loss = try CrossEntropy().append(to: &builder)
      return try TrainingStep(
        builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: batchSize, optimizer: .adam()), threads: 1)
    }
    for step in steps.dropFirst() { #expect(step.referenceNodes.isEmpty, "\(step.referenceNodes)") }
    let order = Array(0..<data.rowCount)
    let count = widths.contains(512) ? 8 : 100
    var least = [Double](repeating: .infinity, count: steps.count)
    // The networks take turns, so that whatever else the machine does meets all of them.
    try order.withUnsafeBufferPointer { order in
      for _ in 0..<15 {
        for (index, step) in steps.enumerated() {
          let start = Self.processorTime
          for batch in 0..<count {
            let first = batch % 4 * batchSize
            _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[first..<first + batchSize]))
          }
          least[index] = min(least[index], (Self.processorTime - start) / Double(count))
        }
      }
    }
    let name = widths.map(String.init).joined(separator: "-")
    if ProcessInfo.processInfo.environment["PARE_STEP_PROFILE"] != nil {
      for (node, duration) in try steps[1].profile() { print("  \(node.operatorName) \(node.name): \(duration)") }
    }
    print(
      "\(name) batch \(batchSize): \(least[0]) µs a step; int8 \(least[1] / least[0]), int4 in groups \(least[2] / least[0]) times that")
  }
}
