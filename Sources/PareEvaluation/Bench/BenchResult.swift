/// What one model takes, in nanoseconds.
public struct BenchResult: Sendable, Encodable {
  /// Of a distribution, the clock's cost in each figure but `p50`s that come from chains.
  public struct Percentiles: Sendable, Encodable {
    public var p50, p99, p999, max: Double
  }

  public var model: String
  public var mode: BenchMode
  public var kernels: String
  /// Bytes that a deployed copy keeps, all of which a decision reads but for what it skips.
  public var planBytes: Int
  public var decisions: Int
  /// Features, or the newest row, to the answer.
  public var latencyNs: Percentiles
  /// What is done before the newest row arrives; nil where nothing is.
  public var prepareNs: Percentiles?
  /// What two stamps of the clock with nothing between them measure.
  public var clockNs: Double
  /// The p50 of a plan with the same input that does next to nothing: what the harness itself costs.
  public var harnessNs: Double?
  /// Decisions a second, one after another on one core; of a batch, rows.
  public var decisionsPerSecond: Double
  /// Nodes that only the reference evaluates.
  public var referenceSteps: [String]
}
