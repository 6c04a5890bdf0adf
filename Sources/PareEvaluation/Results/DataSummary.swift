/// What the run was fed.
public struct DataSummary: Codable, Sendable {
  /// One part of the chronological split.
  public struct Part: Codable, Sendable {
    public var rows: Int
    /// First and last decision, ISO 8601, UTC.
    public var first: String
    public var last: String

    public init(rows: Int, first: String, last: String) {
      self.rows = rows
      self.first = first
      self.last = last
    }
  }

  /// Where the candles come from, in words; starts with "simulated" where they are.
  public var source: String
  /// Digest of candles, features, labels and split together.
  public var digest: String
  public var symbols: [String]
  public var interval: String
  public var candles: Int
  /// Candles that are missing within the span.
  public var missingCandles: Int
  public var features: [String]
  /// Classes, in the order of the logits.
  public var classes: [String]
  public var horizon: Int
  /// Rows that can be learnt from, all parts together.
  public var rows: Int
  public var train: Part
  public var validation: Part
  public var test: Part
  /// Share of feature values that the normalizer clipped, per part.
  public var clipped: [String: Double]

  public init(
    source: String, digest: String, symbols: [String], interval: String, candles: Int, missingCandles: Int,
    features: [String], classes: [String], horizon: Int, rows: Int, train: Part, validation: Part, test: Part,
    clipped: [String: Double]
  ) {
    self.source = source
    self.digest = digest
    self.symbols = symbols
    self.interval = interval
    self.candles = candles
    self.missingCandles = missingCandles
    self.features = features
    self.classes = classes
    self.horizon = horizon
    self.rows = rows
    self.train = train
    self.validation = validation
    self.test = test
    self.clipped = clipped
  }
}
