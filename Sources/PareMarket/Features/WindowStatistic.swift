/// A statistic of the newest `n` candles.
///
/// `c` is the newest close; `cᵢ`, `hᵢ`, `lᵢ`, `vᵢ` are close, high, low and volume `i` candles ago, `i = 0 … n − 1`;
/// `rᵢ = cᵢ / cᵢ₊₁ − 1`. Deviations are those of a sample (n − 1). A quotient whose denominator is zero is 0.
///
/// - Source: the rolling part of Alpha158 of Microsoft's qlib (`Alpha158DL`), whose names stand in brackets. What differs is said
///   at the case: prices are less the newest close, so that equal prices give 0; nothing depends on the unit of prices or
///   volumes; and denominators have no 10⁻¹² added.
public enum WindowStatistic: String, Hashable, Sendable, CaseIterable {
  /// Deviation of the closes over `c` (STD).
  case priceDeviation = "price-deviation"
  /// Slope a candle of the least-squares line through the closes, over `c` (BETA).
  case trendSlope = "trend-slope"
  /// The share of the closes' variance that this line explains, in [0, 1] (RSQR).
  case trendFit = "trend-fit"
  /// What the line misses at the newest close, `(c − line) / c` (RESI).
  case trendResidual = "trend-residual"
  /// `max(hᵢ) / c − 1` (MAX, less 1); of one candle HIGH0.
  case highest
  /// `min(lᵢ) / c − 1` (MIN, less 1); of one candle LOW0.
  case lowest
  /// The 0.8 quantile of the closes, by a straight line between order statistics, over `c`, less 1 (QTLU, less 1).
  case upperQuantile = "upper-quantile"
  /// The 0.2 quantile, as `upperQuantile` (QTLD, less 1).
  case lowerQuantile = "lower-quantile"
  /// `(closes below c − closes above c) / (n − 1)`, in [−1, 1] (RANK is `(n + 1 + (n − 1) · rank) / 2n`).
  case rank
  /// Where the close lies between the lowest low and the highest high, `(c − min lᵢ) / (max hᵢ − min lᵢ)`, in [0, 1] (RSV).
  case stochastic
  /// Candles since the highest high, of equals the newest, over `n`, in [0, 1) (1 − IMAX, where no two are equal).
  case sinceHigh = "since-high"
  /// Candles since the lowest low, of equals the newest, over `n`, in [0, 1) (1 − IMIN).
  case sinceLow = "since-low"
  /// `sinceLow − sinceHigh`: above 0 where the high is the newer one (IMXD).
  case highLowLag = "high-low-lag"
  /// Correlation of `cᵢ` with `log(1 + vᵢ / mean(vᵢ))`, in [−1, 1] (CORR, which takes `log(1 + vᵢ)` and so depends on the unit).
  case priceVolumeCorrelation = "price-volume-correlation"
  /// Correlation of `rᵢ` with `log(1 + vᵢ / vᵢ₊₁)`, in [−1, 1]; after a candle without volume that is 0 (CORD).
  case returnVolumeCorrelation = "return-volume-correlation"
  /// The share of candles that closed above the one before (CNTP).
  case shareOfRises = "share-of-rises"
  /// The share of candles that closed below the one before (CNTN); CNTD is the difference of the two.
  case shareOfFalls = "share-of-falls"
  /// Deviation of the volumes over their mean, in [0, √n] (VSTD, which divides by the newest volume).
  case volumeDeviation = "volume-deviation"
  /// Deviation of `|rᵢ| · vᵢ` over its mean, in [0, √n] (WVMA).
  case weightedVolatility = "weighted-volatility"
  /// `(U − D) / (U + D)` with `U` the sum of rises and `D` of falls of the volume over `n` changes, in [−1, 1] (VSUMD; VSUMP and
  /// VSUMN are `(1 ± it) / 2`).
  case volumeStrength = "volume-strength"

  /// The smallest window with a meaning, in candles.
  var least: Int {
    switch self {
    case .highest, .lowest, .stochastic, .shareOfRises, .shareOfFalls, .volumeStrength: 1
    case .priceDeviation, .trendSlope, .upperQuantile, .lowerQuantile, .rank, .sinceHigh, .sinceLow, .highLowLag,
      .volumeDeviation, .weightedVolatility:
      2
    case .trendFit, .trendResidual, .priceVolumeCorrelation, .returnVolumeCorrelation: 3
    }
  }

  /// Whether it compares each candle with the one before, and so needs a candle more than its window.
  var readsChanges: Bool {
    switch self {
    case .returnVolumeCorrelation, .shareOfRises, .shareOfFalls, .weightedVolatility, .volumeStrength: true
    case .priceDeviation, .trendSlope, .trendFit, .trendResidual, .highest, .lowest, .upperQuantile, .lowerQuantile, .rank,
      .stochastic, .sinceHigh, .sinceLow, .highLowLag, .priceVolumeCorrelation, .volumeDeviation:
      false
    }
  }
}
