import PareTensor

/// What an agent acts in, one step after another.
///
/// An observation is a row of `observationWidth` numbers; an action is an index in `0 ..< actionCount`.
public protocol Environment: Sendable {
  var observationWidth: Int { get }
  var actionCount: Int { get }

  /// Begins an episode.
  mutating func reset(_ generator: inout SeededGenerator)

  /// Writes what is observed now.
  ///
  /// - Parameter row: `[observationWidth]`.
  func observe(into row: UnsafeMutableBufferPointer<Float>)

  /// Acts, and moves to the next observation.
  ///
  /// - Precondition: the episode has not ended, and the action is one of the environment's.
  mutating func step(_ action: Int, _ generator: inout SeededGenerator) -> EnvironmentStep
}

/// What an action brings.
public struct EnvironmentStep: Sendable, Hashable {
  public var reward: Double
  public var ending: EpisodeEnding

  public init(reward: Double, ending: EpisodeEnding = .none) {
    self.reward = reward
    self.ending = ending
  }
}

/// Whether an episode goes on.
public enum EpisodeEnding: Sendable, Hashable {
  case none
  /// Nothing comes after: the value of what is observed now is 0.
  case terminal
  /// It would go on, but is not followed further: what comes after has to be estimated.
  case truncated
}
