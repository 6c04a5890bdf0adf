/// Two runs side by side.
public struct RunComparison: Sendable, Encodable {
  public let a: RunHead
  public let b: RunHead
  /// Whether candles, features, labels and split have the same digest.
  public let sameData: Bool
  /// Lines of the resolved experiments that one of them alone has.
  public let configuration: [LineChange]
  /// All figures that either has.
  public let figures: [FigureComparison]

  public init(_ a: RunRecord, _ b: RunRecord) {
    (self.a, self.b) = (a.run, b.run)
    sameData = a.run.dataDigest == b.run.dataDigest
    configuration = LineChange.between(a.configuration, b.configuration)
    figures = [FigureComparison](a.figures, b.figures)
  }
}
