/// What is timed as one decision.
public enum BenchMode: String, Sendable, Codable, CaseIterable {
  /// All features of a decision, in memory, to the decision out.
  case decision
  /// The newest row of a window to the answer, the older rows prepared before; zero state at the window's start.
  case window
  /// The newest row of a stream to the answer, the state carried on.
  case stream
  /// Many rows at once, per row.
  case batch
  /// A day of a panel, all symbols to their scores, the state carried on.
  case panel
}
