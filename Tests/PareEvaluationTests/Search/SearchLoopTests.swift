import PareCompression
import PareEvaluation
import PareTensor
import Synchronization
import Testing

@Suite struct SearchLoopTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func run(
    _ search: Search, as name: String, _ trials: FakeTrials = FakeTrials(), workers: Int = 2, planned: Int = 40, stopAfter: Int = .max
  ) async throws -> [SearchTrial] {
    let stop = SearchStop()
    let loop = SearchLoop(
      search, store: try Small.store(in: folder, name), evaluator: trials, workers: workers,
      observer: StoppingObserver(after: stopAfter, stop: stop), stop: stop)
    return try await loop.run(teacher: Small.teacher, planned: planned)
  }

  /// What does not depend on the clock.
  private func timeless(_ trials: [SearchTrial]) -> [SearchTrial] {
    trials.map { trial in
      var trial = trial
      trial.seconds = 0
      return trial
    }
  }

  @Test(arguments: ["grid", "tpe"])
  func theOrderInWhichTrialsEndIsOfNoAccount(_ method: String) async throws {
    let search = try Small.search("method: \(method)")
    let plain = timeless(try await run(search, as: "plain", workers: 1))
    #expect(plain.map(\.ordinal) == Array(0...40) && Set(plain.compactMap(\.point)).count == 40)
    var orders: Set<[String]> = []
    for delays in 1...4 {
      let trials = FakeTrials(delays: UInt64(delays))
      #expect(timeless(try await run(search, as: "\(delays)", trials, workers: 1 + delays)) == plain)
      orders.insert(trials.ended.withLock { $0 })
    }
    #expect(orders.count > 1, "the trials did end in other orders")
  }

  @Test(arguments: ["grid", "tpe"])
  func aSearchThatWasStoppedGoesOnAsIfItHadNot(_ method: String) async throws {
    let search = try Small.search("method: \(method)\nobjectives: [log-loss, bytes, latency]")
    let whole = timeless(try await run(search, as: "whole"))
    for stopped in [1, 7, 8, 9, 16, 21, 39] {
      let name = "stopped-\(stopped)"
      let first = FakeTrials(delays: 9)
      let part = try await run(search, as: name, first, stopAfter: stopped)
      #expect((stopped...stopped + 1).contains(part.count - 1))
      let second = FakeTrials()
      #expect(timeless(try await run(search, as: name, second)) == whole)
      // Nothing that was stored is done again.
      let ended = [first, second].flatMap { $0.ended.withLock { $0 } }
      #expect(ended.count == 40 && Set(ended).count == 40)
    }
  }

  @Test func aLongerSearchBeginsAsTheShorterOne() async throws {
    let search = try Small.search("method: tpe")
    let short = timeless(try await run(search, as: "short", planned: 20))
    let longer = timeless(try await run(search, as: "short", planned: 37))
    #expect(longer == timeless(try await run(search, as: "longer", planned: 37)))
    #expect(Array(longer.prefix(21)) == short)
  }

  @Test func aTrialThatFailsIsAResult() async throws {
    let search = try Small.search("method: tpe")
    let fails: @Sendable (Recipe) -> Bool = { $0.steps.contains { $0 is Pruning } }
    let trials = try await run(search, as: "failing", FakeTrials(fails: fails), planned: 90)
    let failed = trials.filter { $0.error != nil }
    #expect(trials.count == 91 && failed.count == 75)
    #expect(failed.allSatisfy { $0.error == "budget: expected at most 10 bytes, found 12" && $0.figures == nil && $0.made.contains("pruning") })
    // They come late: what fails is not what more is wanted of.
    let early = trials.prefix(33).dropFirst(17).count { $0.error != nil }
    #expect(early <= 8, "\(early) of 16")
  }

  @Test func whatHindersEveryTrialEndsTheSearchAndLosesNothing() async throws {
    let search = try Small.search("method: grid")
    let hindered = FakeTrials(isHindered: { $0 == "trial-0012" })
    await #expect { try await run(search, as: "full", hindered, workers: 1) } throws: { ($0 as? any PareError)?.code == "evaluation.disk-full" }
    #expect(try Small.store(in: folder, "full").trials().map(\.ordinal) == Array(1...11))
  }

  @Test func storedTrialsOfOtherProposalsAreRefused() async throws {
    let search = try Small.search("method: grid")
    _ = try await run(search, as: "s", planned: 4)
    var other = search
    other.seed = 2
    await #expect { try await run(other, as: "s", planned: 4) } throws: { error in
      (error as? any PareError)?.code == "evaluation.search-changed" && "\(error)".contains("expected trial 1 as this version proposes it")
    }
  }

  @Test func theSpaceMayHaveFewerRecipesThanPlanned() async throws {
    let space = """
      space:
        - one-of: [{technique: quantization, precision: int8, recurrent: integers}, {technique: weight-sharing, bits: 4}]
        - {technique: pruning, sparsity: {choices: [0.5, 0.7]}}
      """
    for method in ["grid", "tpe"] {
      #expect(try await run(Small.search("method: \(method)", space: space), as: method, planned: 4).count == 3)
    }
    let none = try Small.search(
      "", space: "space: [{technique: quantization, precision: int8, recurrent: integers}, {technique: pruning, sparsity: 0.5}]")
    await #expect { try await run(none, as: "none", planned: 1) } throws: {
      "\($0)" == "space: expected a combination whose steps go together, found none among 1"
    }
  }

  @Test func theObserverIsToldWhatJoinsTheFrontier() async throws {
    let search = try Small.search("method: grid")
    let stop = SearchStop()
    let observer = StoppingObserver(after: .max, stop: stop)
    let loop = SearchLoop(
      search, store: try Small.store(in: folder), evaluator: FakeTrials(), workers: 1, observer: observer, stop: stop)
    let trials = try await loop.run(teacher: Small.teacher, planned: 90)
    let told = observer.recorded.withLock { $0 }
    #expect(told.map(\.trial) == Array(trials.dropFirst()))
    for (index, progress) in told.enumerated() {
      let points = trials.prefix(index + 2).map { [-($0.figure("net-return") ?? .nan), $0.figure("bytes") ?? .nan] }
      #expect(progress.joinsFrontier == Dominance.frontier(of: points)[index + 1])
    }
    #expect(told[0].figures.map(\.name) == ["net-return", "bytes"])
  }
}
