/// A figure over the seeds that a model was trained with: mean ± sample deviation, and two models seed by seed.
public struct SeedSummary: Codable, Sendable, Hashable {
  public let count: Int
  public let mean: Double
  /// Of the sample, about its mean: how far seeds differ, not how sure the mean is; nil with one seed.
  public let deviation: Double?

  /// - Returns: nil without values, or with one that is not finite.
  public init?(_ values: [Double]) {
    guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    count = values.count
    mean = values.reduce(0, +) / Double(values.count)
    deviation = values.count > 1 ? LongRunVariance.bartlett(of: values, lag: 0).squareRoot() : nil
  }

  /// The mean of (student − teacher) over seeds that belong together, by Student's t: `pValue()` is the paired t test.
  ///
  /// It asks whether other seeds would show the same on these days, and not whether other days would; `CoefficientComparison` asks
  /// both.
  ///
  /// - Returns: nil with fewer than 2 seeds.
  /// - Throws: `backtest.seeds` for different numbers of seeds.
  /// - Source: Student 1908, "The probable error of a mean", Biometrika 6.
  public static func difference(of student: [Double], from teacher: [Double]) throws(BacktestError) -> MeanEstimate? {
    guard student.count == teacher.count else {
      throw BacktestError("seeds", subject: "seeds", expected: "\(teacher.count), as of the teacher", found: "\(student.count)")
    }
    return MeanEstimate(ofIndependent: zip(student, teacher).map { $0 - $1 })
  }
}
