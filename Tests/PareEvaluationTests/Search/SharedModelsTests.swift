import Foundation
import PareEvaluation
import PareGraph
import PareModels
import PareTensor
import Synchronization
import Testing

@Suite struct SharedModelsTests {
  private let scratch: ScratchFolder
  private let folder: RunFolder
  private let key = "0123456789abcdef"

  init() throws {
    scratch = try ScratchFolder()
    folder = RunFolder(scratch.path)
    try folder.prepare(["models"])
  }

  private final class Counter: Sendable {
    let count = Mutex(0)
  }

  private static func model() throws -> Model {
    Model(graph: try MultilayerPerceptron(inputs: 3, hidden: [4], outputs: 2).graph(seed: 1, name: "small"))
  }

  @Test func aModelIsMadeOnceForAllWhoWantIt() async throws {
    let models = SharedModels(folder)
    let made = Counter()
    let graphs = try await withThrowingTaskGroup(of: Graph.self) { [key] group in
      for _ in 0..<8 {
        group.addTask {
          try await models.model(key) {
            made.count.withLock { $0 += 1 }
            for _ in 0..<20 { await Task.yield() }
            return try Self.model()
          }.graph
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(made.count.withLock { $0 } == 1 && graphs.count == 8)
    let expected = try Self.model().graph.parameters
    for graph in graphs { #expect(expected.allSatisfy { graph.parameters[$0.key] == $0.value }) }
  }

  @Test func aFileIsReadAndADamagedOneMadeAgain() async throws {
    _ = try await SharedModels(folder).model(key) { try Self.model() }
    _ = try await SharedModels(folder).model(key) { throw EvaluationError("made", subject: "again") }
    let path = scratch.file("models/\(key).pare")
    try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(3).write(to: URL(fileURLWithPath: path))
    await #expect(throws: EvaluationError.self) { try await SharedModels(folder).model(key) { throw EvaluationError("made", subject: "again") } }
    _ = try await SharedModels(folder).model(key) { try Self.model() }
    _ = try await SharedModels(folder).model(key) { throw EvaluationError("made", subject: "again") }
  }

  @Test func whatCannotBeMadeIsNotTriedAgain() async throws {
    let models = SharedModels(folder)
    let made = Counter()
    for _ in 0..<3 {
      await #expect(throws: EvaluationError.self) {
        try await models.model(key) {
          made.count.withLock { $0 += 1 }
          throw EvaluationError("made", subject: "never")
        }
      }
    }
    #expect(made.count.withLock { $0 } == 1)
  }
}
