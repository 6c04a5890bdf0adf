/// The numbers that stand for a layer's weights.
///
/// In recipes a word, or for levels that are not evenly spaced `{powers-of-two: bits}`, `{k-means: bits}` or
/// `{learned: bits}`.
public enum QuantizationPrecision: Sendable, Hashable {
  /// Weights stay as they are: for layers that an override leaves out.
  case float32
  /// IEEE 754 binary16, 11 bits of significand. Stored so, and multiplied in Float32.
  case float16
  /// The upper half of Float32, 8 bits of significand. Stored so, and multiplied in Float32.
  case bfloat16
  /// Integers of 8 bits.
  case int8
  /// Integers of 4 bits.
  case int4
  /// −1, 0 and 1 times a scale: the symmetric integers of 2 bits. A bit for each weight and one for each that is not 0.
  case ternary
  /// −1 and 1 times a scale, a bit each.
  case binary
  /// `±2^k` for neighbouring k, and 0: indices of so many bits.
  ///
  /// - Source: Miyashita et al. 2016, arXiv:1603.01025, §3.
  case powersOfTwo(bits: Int)
  /// The `2^bits` levels of a layer with the least squared error of its weights.
  ///
  /// - Source: Han et al. 2016, arXiv:1510.00149, §3.
  case kMeans(bits: Int)
  /// The same with each weight's error counted by the mean square of its input on the training part, which is what it
  /// costs the layer's output where inputs are not correlated.
  ///
  /// - Source: Choi et al. 2017, arXiv:1612.01543, §4.2.
  case learned(bits: Int)

  /// Bits of the integers; nil where the numbers are no integers of an affine map.
  public var integerBits: Int? {
    switch self {
    case .int8: 8
    case .int4: 4
    default: nil
    }
  }

  /// Bits of an index into a table of levels; nil where there is no table.
  public var levelBits: Int? {
    switch self {
    case .powersOfTwo(let bits), .kMeans(let bits), .learned(let bits): bits
    default: nil
    }
  }

  /// As people say it: `int8`, `k-means, 4 bits`.
  var shortWords: String { levelBits.map { words.replacing(" of \($0) bits", with: ", \($0) bits") } ?? words }

  /// As recipes spell it.
  var words: String {
    guard let levels = Levels.allCases.first(where: { $0.precision(bits: levelBits ?? 0) == self }) else {
      return Word.allCases.first { $0.precision == self }?.rawValue ?? ""
    }
    return "\(levels.rawValue) of \(levelBits ?? 0) bits"
  }
}

extension QuantizationPrecision: Codable {
  private enum Word: String, RecipeWord {
    case float32 = "fp32"
    case float16 = "fp16"
    case bfloat16 = "bf16"
    case int8, int4, ternary, binary

    var precision: QuantizationPrecision {
      switch self {
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .int8: .int8
      case .int4: .int4
      case .ternary: .ternary
      case .binary: .binary
      }
    }
  }

  enum Levels: String, CodingKey, CaseIterable {
    case powersOfTwo = "powers-of-two"
    case kMeans = "k-means"
    case learned

    func precision(bits: Int) -> QuantizationPrecision {
      switch self {
      case .powersOfTwo: .powersOfTwo(bits: bits)
      case .kMeans: .kMeans(bits: bits)
      case .learned: .learned(bits: bits)
      }
    }
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
      self = try Word(from: decoder).precision
    } else {
      let (container, levels) = try decoder.alternative(keyedBy: Levels.self)
      self = levels.precision(bits: try container.decode(Int.self, forKey: levels))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if let bits = levelBits, let levels = Levels.allCases.first(where: { $0.precision(bits: bits) == self }) {
      var container = encoder.container(keyedBy: Levels.self)
      try container.encode(bits, forKey: levels)
    } else {
      try Word.allCases.first { $0.precision == self }?.encode(to: encoder)
    }
  }
}
