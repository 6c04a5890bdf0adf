import Foundation

/// The machine's clocks.
struct SystemServiceClock: ServiceClock {
  private let began = ContinuousClock.now

  var elapsed: Duration { ContinuousClock.now - began }
  var wallTime: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  func sleep(for duration: Duration) async throws {
    try await Task.sleep(for: duration)
  }
}
