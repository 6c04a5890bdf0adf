import Foundation

/// Takes noise out of a window of values: the details of a wavelet transform are shrunk towards zero, and what remains is put
/// together again.
///
/// The threshold is the universal one, `λ = σ √(2 ln n)` for a window of `n`, with `σ` the median of the finest details' sizes
/// over 0.6745, which estimates the deviation of Gaussian noise; each detail of each level becomes `sign(d) · max(|d| − λ, 0)`.
/// Only the window is read, so its newest value depends on no later one.
///
/// As JSON `{"wavelet":"db2","levels":2,"window":32}`.
///
/// - Source: Donoho and Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81(3), for λ and σ; Donoho
///   1995, De-noising by soft-thresholding, IEEE Transactions on Information Theory 41(3), for the shrinking.
public struct WaveletDenoising: Sendable, Hashable {
  /// Levels that a transform may have.
  public static let levelRange = 1...6
  /// The longest window, in values.
  public static let longestWindow = 512

  public let wavelet: Wavelet
  /// How often the approximation is split.
  public let levels: Int
  /// Values that are denoised together, the newest among them.
  public let window: Int

  /// - Parameters:
  ///   - levels: 1 to 6.
  ///   - window: `wavelet.leastCount(levels:)` to 512 values: with two levels at least 4 for `haar`, 12 for `db2`, 20 for `db3` and
  ///     28 for `db4`.
  /// - Throws: `market.denoising-levels`, `market.denoising-window`.
  public init(_ wavelet: Wavelet, levels: Int = 2, window: Int = 32) throws(MarketError) {
    guard Self.levelRange.contains(levels) else {
      throw MarketError(
        "denoising-levels", subject: "features.denoising.levels",
        expected: "\(Self.levelRange.lowerBound) to \(Self.levelRange.upperBound)", found: "\(levels)", category: .usage)
    }
    let least = wavelet.leastCount(levels: levels)
    guard (least...Self.longestWindow).contains(window) else {
      throw MarketError(
        "denoising-window", subject: "features.denoising.window",
        expected: "\(least) to \(Self.longestWindow) candles for \(levels) levels of \(wavelet.rawValue)", found: "\(window)",
        category: .usage)
    }
    (self.wavelet, self.levels, self.window) = (wavelet, levels, window)
  }

  /// Denoises values of any number, `n` being theirs and not `window`.
  ///
  /// - Parameter values: at least one, finite, oldest first.
  /// - Returns: as many.
  public func applied(to values: [Double]) -> [Double] {
    var approximation = values
    var (counts, details) = ([Int](), [[Double]]())
    for _ in 0..<levels {
      counts.append(approximation.count)
      let level = wavelet.analyzed(approximation)
      approximation = level.approximation
      details.append(level.detail)
    }
    let threshold = Self.median(details[0].map(abs)) / Self.gaussian * Self.universalFactor(of: values.count)
    for level in (0..<levels).reversed() {
      let shrunk = details[level].map { Self.shrunk($0, by: threshold) }
      approximation = wavelet.synthesized(approximation: approximation, detail: shrunk, count: counts[level])
    }
    return approximation
  }

  /// The median size of Gaussian noise of deviation 1.
  static let gaussian = 0.6745

  /// `√(2 ln count)`, by which σ is multiplied.
  static func universalFactor(of count: Int) -> Double { (2 * log(Double(count))).squareRoot() }

  /// `detail`, nearer to zero by `threshold`.
  static func shrunk(_ detail: Double, by threshold: Double) -> Double {
    detail < 0 ? min(detail + threshold, 0) : max(detail - threshold, 0)
  }

  /// - Precondition: at least one value.
  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

extension WaveletDenoising: Codable {
  private enum CodingKeys: String, CodingKey { case wavelet, levels, window }

  /// - Throws: `market.denoising-wavelet` for a name that is none; what `init` throws.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .wavelet)
    guard let wavelet = Wavelet(rawValue: name) else {
      throw MarketError(
        "denoising-wavelet", subject: "features.denoising.wavelet",
        expected: "one of " + Wavelet.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(name)'")
    }
    try self.init(
      wavelet, levels: container.decode(Int.self, forKey: .levels), window: container.decode(Int.self, forKey: .window))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(wavelet, forKey: .wavelet)
    try container.encode(levels, forKey: .levels)
    try container.encode(window, forKey: .window)
  }
}
