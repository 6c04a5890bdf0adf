/// Told how a long piece of work goes on. The command line draws it; a library user may ignore it.
public protocol RunObserver: Sendable {
  /// A stage begins.
  ///
  /// - Parameter units: how much there is to do, in units of the stage (epochs, candidates, candles); 0 if unknown.
  func began(_ stage: String, units: Int)
  /// So much of the stage is done.
  func advanced(to unit: Int, note: String)
  /// The stage is over.
  ///
  /// - Parameter note: its outcome in a few words.
  func ended(_ note: String)
}

/// Says nothing.
public struct SilentObserver: RunObserver {
  public init() {}
  public func began(_ stage: String, units: Int) {}
  public func advanced(to unit: Int, note: String) {}
  public func ended(_ note: String) {}
}
