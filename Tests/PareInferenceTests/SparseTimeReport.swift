import Foundation
import PareArtifact
import PareGraph
import PareInference
import PareTensor
import Testing

/// Prints what one layer weighs as a file and takes in a plan, dense and without its zeros, in turns, and what the planner
/// says: `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter SparseTimeReport`.
struct SparseTimeReport {
  private struct Entry {
    var name: String
    var fileBytes: Int
    var plan: ExecutionPlan
    var timing: DecisionLatency
    var least = Double.infinity
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil), arguments: [128, 512, 1024, 2048])
  func bytesAndNanoseconds(_ extent: Int) throws {
    var generator = SeededGenerator(seed: 1, stream: "zeros")
    let numbers = FormatSamples.numbers(extent * extent, &generator)
    let shape: Shape = [extent, extent]
    func float32(_ isKept: (Int) -> Bool) throws -> Graph {
      let kept = Tensor(numbers.enumerated().map { isKept($0) ? $1 : 0 }, shape: shape)
      let (dense, sparse) = (ParameterStorage(kept), ParameterStorage(kept, layout: .bitmask))
      return try FormatSamples.dense(sparse.byteCount < dense.byteCount ? sparse : dense)
    }
    let tenth = (0..<extent * extent).map { _ in generator.below(10) == 0 }
    let graphs: [(String, Graph)] = [
      ("Float32", try float32 { _ in true }),
      ("Float32, one in ten", try float32 { tenth[$0] }),
      ("INT8", try FormatSamples.sparseIntegers([extent, extent], .all, seed: 2)),
      ("INT8, 2:4", try FormatSamples.sparseIntegers([extent, extent], .twoOfFour, seed: 2)),
      ("INT8, one in ten", try FormatSamples.sparseIntegers([extent, extent], .oneInTen, seed: 2)),
      ("INT8, one group of 16 x 4 in three", try FormatSamples.sparseIntegers([extent, extent], .groups, seed: 2)),
    ]
    let rows = FormatSamples.numbers(extent * 256, &generator)
    var entries = try graphs.map { name, graph in
      let plan = try ExecutionPlan(graph)
      return Entry(
        name: name, fileBytes: try Artifact.encode(Model(graph: graph)).count, plan: plan,
        timing: try DecisionLatency(plan, inputs: rows))
    }
    for _ in 0..<10 {
      for index in entries.indices { entries[index].least = min(entries[index].least, try entries[index].timing.chain(rounds: 2)) }
    }
    for entry in entries {
      print(
        """
        \(extent) to \(extent), \(entry.name): \(entry.fileBytes) bytes, \(entry.least) ns, \
        of Float32 \(Double(entry.fileBytes) / Double(entries[0].fileBytes)) and \(entry.least / entries[0].least), \
        of INT8 \(entry.least / entries[2].least) of the time
        \(entry.plan)
        """)
    }
  }
}
