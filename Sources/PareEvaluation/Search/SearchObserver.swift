import Synchronization

/// Told how a search goes on, in whatever order trials end.
public protocol SearchObserver: RunObserver {
  /// A trial ended and is stored.
  func recorded(_ progress: SearchProgress)
}

/// A trial once it is stored.
public struct SearchProgress: Sendable {
  public var trial: SearchTrial
  /// Whether nothing that ended before dominates it.
  public var joinsFrontier: Bool
  /// The objectives of the trial as people read them, by name; empty where it failed.
  public var figures: [(name: String, value: Double)]
}

extension SilentObserver: SearchObserver {
  public func recorded(_ progress: SearchProgress) {}
}

/// Asks a search to end early: trials under way are finished and stored, and none begins.
public final class SearchStop: Sendable {
  private let isRequested = Mutex(false)

  public init() {}

  public func request() { isRequested.withLock { $0 = true } }

  public var wasRequested: Bool { isRequested.withLock { $0 } }
}
