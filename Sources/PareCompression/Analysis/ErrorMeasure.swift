#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How far numbers r̂ are from the numbers r that they stand for.
public struct ErrorMeasure: Sendable, Hashable {
  public private(set) var count = 0
  /// Σ r².
  public private(set) var signalEnergy = 0.0
  /// Σ (r − r̂)².
  public private(set) var noiseEnergy = 0.0
  /// max |r − r̂|.
  public private(set) var maximumError = 0.0
  /// Σ r̂².
  public private(set) var approximationEnergy = 0.0
  private var product = 0.0

  public init() {}

  /// - Precondition: equally many numbers.
  public init(of approximation: [Double], against reference: [Double]) {
    self.init()
    add(approximation, against: reference)
  }

  /// Takes more numbers into the measure.
  ///
  /// - Precondition: equally many numbers.
  public mutating func add(_ approximation: [Double], against reference: [Double]) {
    precondition(approximation.count == reference.count)
    count += reference.count
    for (r, a) in zip(reference, approximation) {
      signalEnergy += r * r
      approximationEnergy += a * a
      product += r * a
      noiseEnergy += (r - a) * (r - a)
      maximumError = max(maximumError, (r - a).magnitude)
    }
  }

  /// The measure over both sets of numbers.
  public mutating func add(_ other: ErrorMeasure) {
    count += other.count
    signalEnergy += other.signalEnergy
    approximationEnergy += other.approximationEnergy
    product += other.product
    noiseEnergy += other.noiseEnergy
    maximumError = max(maximumError, other.maximumError)
  }

  /// Σ (r − r̂)² / n; 0 without numbers.
  public var meanSquaredError: Double { count == 0 ? 0 : noiseEnergy / Double(count) }

  /// 10 · log₁₀(Σ r² / Σ (r − r̂)²); nil where nothing differs, or there is no signal.
  public var signalToNoiseDecibels: Double? {
    noiseEnergy > 0 && signalEnergy > 0 ? 10 * log10(signalEnergy / noiseEnergy) : nil
  }

  /// Σ r·r̂ / (‖r‖ · ‖r̂‖); nil where either is zero.
  public var cosine: Double? {
    let norms = signalEnergy.squareRoot() * approximationEnergy.squareRoot()
    return norms > 0 ? min(max(product / norms, -1), 1) : nil
  }
}

extension ErrorMeasure: Encodable {
  private enum Keys: String, CodingKey {
    case meanSquaredError = "mse"
    case signalToNoise = "snr_db"
    case cosine
    case maximumError = "max_error"
  }

  /// The figures that people read, absent where they are not defined.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(meanSquaredError, forKey: .meanSquaredError)
    try container.encodeIfPresent(signalToNoiseDecibels, forKey: .signalToNoise)
    try container.encodeIfPresent(cosine, forKey: .cosine)
    try container.encode(maximumError, forKey: .maximumError)
  }
}
