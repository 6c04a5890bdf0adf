/// Where a layer's weights or inputs lie, and which of them its integers reach: what a plot needs, and no more.
public struct ValueHistogram: Sendable, Hashable {
  /// Most bins that there are.
  public static let mostBins = 64

  /// The lower end of the first bin.
  public private(set) var start = 0.0
  /// Of each bin; a power of two, or 0 where all numbers are one.
  public private(set) var width = 0.0
  /// How many numbers lie in each bin, the first and the last of which hold some.
  public private(set) var counts: [Int] = []
  public private(set) var minimum = 0.0
  public private(set) var maximum = 0.0
  /// From the least to the greatest number that they are rounded to; nil where that is not fixed beforehand.
  public var reach: ClosedRange<Double>?
  /// Between neighbouring integers, from the finest scale to the coarsest; nil where that is not fixed beforehand, or there are
  /// no integers.
  public var steps: ClosedRange<Double>?

  public init() {}

  /// Bins of a streaming histogram, so many taken together that few are left. Nothing is lost: its bins begin at multiples of
  /// their width.
  init(_ histogram: StreamingHistogram, reach: ClosedRange<Double>?, steps: ClosedRange<Double>?) {
    (self.reach, self.steps) = (reach, steps)
    guard histogram.count > 0 else { return }
    (minimum, maximum) = (histogram.minimum, histogram.maximum)
    guard minimum < maximum else {
      (start, counts) = (minimum, [histogram.count])
      return
    }
    var width = histogram.binWidth
    func place(_ number: Double) -> Int { Int((number / width).rounded(.down)) }
    while place(maximum) - place(minimum) >= Self.mostBins { width *= 2 }
    let first = place(minimum)
    counts = [Int](repeating: 0, count: place(maximum) - first + 1)
    for bin in histogram.occupiedBins { counts[place(bin.middle) - first] += bin.count }
    start = Double(first) * width
    self.width = width
  }
}

extension ValueHistogram: Encodable {
  private enum CodingKeys: String, CodingKey {
    case start, width, counts, minimum, maximum, low, high
    case finestStep = "finest_step"
    case coarsestStep = "coarsest_step"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(start, forKey: .start)
    try container.encode(width, forKey: .width)
    try container.encode(counts, forKey: .counts)
    try container.encode(minimum, forKey: .minimum)
    try container.encode(maximum, forKey: .maximum)
    try container.encodeIfPresent(reach?.lowerBound, forKey: .low)
    try container.encodeIfPresent(reach?.upperBound, forKey: .high)
    try container.encodeIfPresent(steps?.lowerBound, forKey: .finestStep)
    try container.encodeIfPresent(steps?.upperBound, forKey: .coarsestStep)
  }
}
