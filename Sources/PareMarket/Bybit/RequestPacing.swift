/// How often requests may be sent: `burst` at once, and `perSecond` over time.
///
/// A token bucket. A request takes a token; where none is left it takes one of the future and waits until that exists,
/// so that requests which come together are spread out in the order in which they came.
struct TokenBucket: Sendable {
  private let perSecond: Double
  private let burst: Double
  private var tokens: Double
  private var refilled: Duration

  /// - Parameter now: any clock that does not run backwards.
  init(perSecond: Double, burst: Int, now: Duration) {
    self.perSecond = perSecond
    self.burst = Double(burst)
    tokens = Double(burst)
    refilled = now
  }

  /// Takes a token, and returns how long to wait before using it.
  mutating func take(at now: Duration) -> Duration {
    tokens = min(burst, tokens + (now - refilled) / .seconds(1) * perSecond) - 1
    refilled = now
    return tokens >= 0 ? .zero : .seconds(-tokens / perSecond)
  }
}

/// How often a request is sent again, and after what pause.
public struct RetryPolicy: Sendable, Hashable {
  /// Requests in all, the first included.
  public var attempts: Int
  /// Mean pause before the second attempt is half of this.
  public var base: Duration
  /// Longest pause; also the most that a reset time named by the server is waited for.
  public var cap: Duration

  public init(attempts: Int = 6, base: Duration = .milliseconds(500), cap: Duration = .seconds(60)) {
    precondition(attempts > 0, "there is a first attempt")
    self.attempts = attempts
    self.base = base
    self.cap = cap
  }

  /// The pause after a failed attempt, counted from 1: uniform over 0 … min(cap, base · 2^(attempt − 1)).
  ///
  /// - Parameter fraction: uniform over 0 ..< 1.
  /// - Source: exponential back-off with full jitter, Brooker 2015, "Exponential Backoff And Jitter".
  func pause(afterAttempt attempt: Int, fraction: Double) -> Duration {
    min(cap, base * Double(sign: .plus, exponent: min(attempt - 1, 62), significand: 1)) * fraction
  }
}

/// Time as a client needs it; tests put one in its place that passes at once.
package protocol ServiceClock: Sendable {
  /// Since an arbitrary moment, never backwards.
  var elapsed: Duration { get }
  /// Unix milliseconds.
  var wallTime: Int64 { get }
  func sleep(for duration: Duration) async throws
}
