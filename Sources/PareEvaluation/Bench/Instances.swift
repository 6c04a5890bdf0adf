import Foundation
import PareInference
import Synchronization

/// Threads that do the same at the same time.
struct Instances: Sendable {
  var count: Int
  /// The first instance's core, the next ones' after it, around; nil where the system chooses.
  var firstCore: Int?

  /// Runs `work` once in each thread.
  ///
  /// - Parameter work: given the number of its instance, and what to call when it is ready to begin with the others.
  /// - Throws: what `work` throws first, by instance; where a core cannot be had.
  func run<Result: Sendable>(
    _ work: @escaping @Sendable (_ index: Int, _ together: () -> Void) throws -> Result
  ) throws -> [Result] {
    let gate = Gate(count)
    let box = Box<Result>(count)
    let done = DispatchGroup()
    for index in 0..<count {
      done.enter()
      let thread = Thread {
        let result = Swift.Result {
          if let firstCore { try ProcessorCore.pin(to: (firstCore + index) % ProcessInfo.processInfo.processorCount) }
          return try work(index) { gate.wait() }
        }
        // One that failed holds nobody up.
        if case .failure = result { gate.leave() }
        box.set(index, result)
        done.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    done.wait()
    return try box.all()
  }

  private final class Box<Value: Sendable>: Sendable {
    private let results: Mutex<[Swift.Result<Value, any Error>?]>

    init(_ count: Int) { results = Mutex([Swift.Result<Value, any Error>?](repeating: nil, count: count)) }

    func set(_ index: Int, _ result: Swift.Result<Value, any Error>) { results.withLock { $0[index] = result } }

    func all() throws -> [Value] { try results.withLock { try $0.compactMap { try $0?.get() } } }
  }

  /// Where threads wait until all are there.
  private final class Gate: @unchecked Sendable {  // Guarded by `condition`.
    private let condition = NSCondition()
    private var missing: Int

    init(_ count: Int) { missing = count }

    func wait() {
      condition.lock()
      missing -= 1
      if missing <= 0 { condition.broadcast() }
      while missing > 0 { condition.wait() }
      condition.unlock()
    }

    func leave() {
      condition.lock()
      missing -= 1
      if missing <= 0 { condition.broadcast() }
      condition.unlock()
    }
  }
}
