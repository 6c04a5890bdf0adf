/// An orthogonal wavelet of compact support, by its scaling filter.
///
/// Signals are mirrored at both ends, the end value twice (`x₁ x₀ | x₀ x₁ …`): the mode `symmetric` of PyWavelets, with which
/// both directions agree (`WaveletTests`).
///
/// - Source: Daubechies 1992, Ten Lectures on Wavelets, table 6.1, times √2; `haar` is her filter of two taps.
public enum Wavelet: String, Codable, Sendable, CaseIterable {
  case haar, db2, db3, db4

  /// The scaling filter `h`, of 2, 4, 6 or 8 taps `L`. It sums to √2, and is orthonormal to its shifts by even numbers.
  public var scaling: [Double] {
    switch self {
    case .haar: [0.7071067811865476, 0.7071067811865476]
    case .db2: [0.48296291314453416, 0.8365163037378079, 0.2241438680420134, -0.12940952255126037]
    case .db3:
      [
        0.33267055295008263, 0.8068915093110925, 0.45987750211849154, -0.13501102001025458, -0.08544127388202666,
        0.03522629188570953,
      ]
    case .db4:
      [
        0.2303778133088965, 0.7148465705529157, 0.6308807679298589, -0.027983769416859854, -0.18703481171909309,
        0.030841381835560764, 0.0328830116668852, -0.010597401785069032,
      ]
    }
  }

  /// The wavelet's own filter, `g[k] = (−1)ᵏ h[L − 1 − k]`.
  public var detail: [Double] {
    let scaling = scaling
    return scaling.indices.map { ($0 % 2 == 0 ? 1 : -1) * scaling[scaling.count - 1 - $0] }
  }

  /// The fewest values of which so many levels make sense: `(L − 1) · 2^levels`, with which at least one coefficient of the
  /// last level is of the values alone and not of their mirror images.
  ///
  /// - Parameter levels: 1 to 30.
  public func leastCount(levels: Int) -> Int { (scaling.count - 1) << levels }

  /// How many approximations, and how many details, one level makes of a signal: `⌊(count + L − 1) / 2⌋`.
  func coefficientCount(of count: Int) -> Int { (count + scaling.count - 1) / 2 }

  /// One level of the discrete wavelet transform.
  ///
  /// - Parameter signal: at least one value.
  /// - Returns: `⌊(n + L − 1) / 2⌋` approximations and as many details, of a signal of `n` values.
  public func analyzed(_ signal: [Double]) -> (approximation: [Double], detail: [Double]) {
    let (low, high) = (scaling, detail)
    let count = coefficientCount(of: signal.count)
    var (approximation, details) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    for index in 0..<count {
      for tap in low.indices {
        let value = signal[Self.mirrored(Self.place(index, tap, of: low.count), in: signal.count)]
        approximation[index] += low[tap] * value
        details[index] += high[tap] * value
      }
    }
    return (approximation, details)
  }

  /// The inverse of `analyzed`.
  ///
  /// - Parameter count: of the signal.
  public func synthesized(approximation: [Double], detail details: [Double], count: Int) -> [Double] {
    let (low, high) = (scaling, detail)
    var signal = [Double](repeating: 0, count: count)
    for index in approximation.indices {
      for tap in low.indices {
        let place = Self.place(index, tap, of: low.count)
        guard signal.indices.contains(place) else { continue }
        signal[place] += low[tap] * approximation[index] + high[tap] * details[index]
      }
    }
    return signal
  }

  /// Where in the signal a tap of the filter for a coefficient lies; before 0 and beyond the end are mirror images.
  static func place(_ coefficient: Int, _ tap: Int, of taps: Int) -> Int { 2 * coefficient + 2 - taps + tap }

  /// A place of a signal that is mirrored at both ends, as often as needed.
  static func mirrored(_ place: Int, in count: Int) -> Int {
    let period = 2 * count
    let within = ((place % period) + period) % period
    return within < count ? within : period - 1 - within
  }
}
