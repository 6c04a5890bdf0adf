import CRuntimeCounters
import PareGraph
import PareTensor
import PareTraining
import Testing

struct AllocationTests {
  /// Steps with dropout, masks, clipping and a teacher, on full batches and the smaller one at an epoch's end; plain ones, and
  /// with fake quantization whose scales are learned.
  @Test(.enabled(if: pare_runtime_counters_available() == 1, "allocations are counted on glibc only"), arguments: [false, true])
  func aTrainingStepAllocatesNothing(isQuantized: Bool) throws {
    var graph = try SampleNetworks.dense([20, 16, 8, 3], dropout: 0.1)
    let weight = try #require(graph.parameters["w1"]).storage.decoded()
    let pruned = weight.values(as: Float.self).map { abs($0) < 0.1 ? 0 : $0 }
    graph.parameters["w1"]?.storage = ParameterStorage(Tensor(pruned, shape: weight.shape), layout: .bitmask)
    if isQuantized { graph = try QuantizedStepTimeReport.quantized(graph, blockSize: 32) }
    var builder = try GraphBuilder(graph)
    let loss = try DistillationLoss(hardWeight: 0.5, temperature: 2).append(to: &builder)
    let rows = 80
    let data = try SampleNetworks.linear(rows: rows, features: 20, classes: 3, seed: 1).with(
      "teacherLogits", Tensor(zeros: .float32, shape: [rows, 3]))
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: 32, gradientNorm: 1))
    let order = Array(0..<rows)
    let allocations = try order.withUnsafeBufferPointer { order in
      func epoch() throws {
        for start in stride(from: 0, to: rows, by: 32) {
          _ = try step.run(rows: UnsafeBufferPointer(rebasing: order[start..<min(start + 32, rows)]))
        }
      }
      // BLAS takes its own buffer on first use.
      try epoch()
      pare_runtime_counters_reset()
      for _ in 0..<50 { try epoch() }
      return pare_runtime_counters_read().allocations
    }
    #expect(allocations == 0)
    // The counter counts: a tensor is an allocation.
    pare_runtime_counters_reset()
    let tensor = Tensor(zeros: .float32, shape: [100])
    #expect(pare_runtime_counters_read().allocations > 0 && tensor.elementCount == 100)
  }
}
