/// What one model takes, in nanoseconds.
public struct BenchResult: Sendable, Encodable {
  /// Of a distribution, the clock's cost in each figure but `p50`s that come from chains.
  public struct Percentiles: Sendable, Encodable {
    public var p50, p99, p999, max: Double
  }

  /// A point of a distribution: so many per cent took at most so long.
  public struct Point: Sendable, Encodable {
    public var percentile, ns: Double
  }

  public var model: String
  public var mode: BenchMode
  public var kernels: String
  /// The digest of the cost table that the plan was made by.
  public var costs: String
  /// Threads that decide at once, each with a context of its own, one plan for all.
  public var instances: Int
  /// Bytes that a deployed copy keeps.
  public var planBytes: Int
  /// Bytes that a decision reads and writes at most: the plan's, and the features. A tree's paths are fewer, and a newest
  /// row's weights fewer than those of the rows before.
  public var bytesTouched: Int
  /// By each instance.
  public var decisions: Int
  /// Features, or the newest row, to the answer.
  public var latencyNs: Percentiles
  /// What is done before the newest row arrives; nil where nothing is.
  public var prepareNs: Percentiles?
  /// Bytes of values that the newest row finds ready, in windows that go in pieces; nil where rows go one by one.
  public var keptBytes: Int?
  /// What two stamps of the clock with nothing between them measure.
  public var clockNs: Double
  /// The p50 of a plan with the same input that does next to nothing: what the harness itself costs.
  public var harnessNs: Double?
  /// What the cost table expects; nil where it does not know every step.
  public var estimateNs: Double?
  /// Instructions of one decision, of its loop some among them; nil where the machine counts none.
  public var instructions: Double?
  /// Decisions a second of all instances, each one after another on its thread; of a batch, rows.
  public var decisionsPerSecond: Double
  /// Nodes that only the reference evaluates.
  public var referenceSteps: [String]
  /// What people should know of the forms that the planner took.
  public var remarks: [String]
  /// The distribution of `latencyNs`, single decisions with the clock's cost.
  public var distribution: [Point]
}
