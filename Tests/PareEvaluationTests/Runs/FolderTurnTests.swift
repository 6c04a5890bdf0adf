import Foundation
import PareEvaluation
import Synchronization
import Testing

@Suite struct FolderTurnTests {
  private struct NotNow: Error {}

  /// Counts who has a turn at the same time as another.
  private final class Counter: Sendable {
    private let active = Atomic(0)
    private let overlaps = Atomic(0)

    func enter() {
      if active.add(1, ordering: .sequentiallyConsistent).newValue > 1 { overlaps.add(1, ordering: .sequentiallyConsistent) }
    }

    func leave() { active.subtract(1, ordering: .sequentiallyConsistent) }

    var overlapCount: Int { overlaps.load(ordering: .sequentiallyConsistent) }
  }

  @Test func onlyOneHasItsTurn() async throws {
    let folder = try ScratchFolder()
    let path = folder.path
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<300 {
            FolderTurn.take(in: path) {
              counter.enter()
              for _ in 0..<20 { _ = FileManager.default.fileExists(atPath: path) }
              counter.leave()
            }
          }
        }
      }
    }
    #expect(counter.overlapCount == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
  }

  @Test func aTurnEndsWithAnErrorAndNeedsNoFolder() throws {
    let folder = try ScratchFolder()
    for _ in 0..<2 { #expect(throws: NotNow.self) { try FolderTurn.take(in: folder.path) { throw NotNow() } } }
    #expect(FolderTurn.take(in: folder.file("none")) { 3 } == 3)
  }
}
