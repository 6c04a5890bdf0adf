/// How real numbers of one kind are mapped onto integers.
public struct TensorScheme: Sendable, Hashable {
  /// Where zero lies.
  public enum Symmetry: String, RecipeWord {
    /// In the middle of the integers: `r = S·q`.
    case symmetric
    /// Where the range of the numbers puts it: `r = S·(q − Z)`.
    case asymmetric
  }

  /// How many numbers share a scale.
  public enum Granularity: Sendable, Hashable {
    case perTensor
    /// One scale for each output of a layer.
    case perChannel
    /// One scale for each run of so many weights of an output: 32, 64 or 128.
    case perGroup(Int)
  }

  /// Which integers there are.
  public enum Signedness: String, RecipeWord {
    case signed, unsigned
  }

  public var symmetry: Symmetry
  public var granularity: Granularity
  /// nil for what is usual: weights signed, activations unsigned.
  public var signedness: Signedness?
  /// Whether the lowest integer is left out, so that every integer has its opposite; nil for what is usual: it is in
  /// symmetric schemes, it is not in others.
  public var isNarrow: Bool?

  public init(
    symmetry: Symmetry, granularity: Granularity, signedness: Signedness? = nil, isNarrow: Bool? = nil
  ) {
    self.symmetry = symmetry
    self.granularity = granularity
    self.signedness = signedness
    self.isNarrow = isNarrow
  }

  public static func symmetric(_ granularity: Granularity) -> TensorScheme {
    TensorScheme(symmetry: .symmetric, granularity: granularity)
  }

  public static func asymmetric(_ granularity: Granularity) -> TensorScheme {
    TensorScheme(symmetry: .asymmetric, granularity: granularity)
  }

  /// With what is usual spelled out.
  func resolved(_ usual: Signedness) -> TensorScheme {
    TensorScheme(
      symmetry: symmetry, granularity: granularity, signedness: signedness ?? usual,
      isNarrow: isNarrow ?? (symmetry == .symmetric))
  }

  /// The integers of so many bits.
  func integers(bits: Int, usual: Signedness) -> IntegerFormat {
    let scheme = resolved(usual)
    return IntegerFormat(bits: bits, isSigned: scheme.signedness == .signed, isNarrow: scheme.isNarrow ?? false)
  }
}

extension TensorScheme.Granularity {
  enum Word: String, RecipeWord {
    case perTensor = "per-tensor"
    case perChannel = "per-channel"
    case perGroup = "per-group"
  }

  var word: Word {
    switch self {
    case .perTensor: .perTensor
    case .perChannel: .perChannel
    case .perGroup: .perGroup
    }
  }

  var groupSize: Int? {
    if case .perGroup(let size) = self { size } else { nil }
  }
}

extension TensorScheme: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case symmetry, granularity, integers
    case groupSize = "group-size"
    case isNarrow = "narrow-range"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    symmetry = try container.decode(Symmetry.self, forKey: .symmetry)
    let size = try container.decodeIfPresent(Int.self, forKey: .groupSize)
    switch try container.decode(Granularity.Word.self, forKey: .granularity) {
    case .perTensor: granularity = .perTensor
    case .perChannel: granularity = .perChannel
    case .perGroup: granularity = .perGroup(size ?? 32)
    }
    try ParameterPath(decoder.codingPath).key(CodingKeys.groupSize).require(
      size == nil || granularity.groupSize != nil, expected: "no value: only 'per-group' has groups", found: size ?? 0)
    signedness = try container.decodeIfPresent(Signedness.self, forKey: .integers)
    isNarrow = try container.decodeIfPresent(Bool.self, forKey: .isNarrow)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(symmetry, forKey: .symmetry)
    try container.encode(granularity.word, forKey: .granularity)
    try container.encodeIfPresent(granularity.groupSize, forKey: .groupSize)
    try container.encodeIfPresent(signedness, forKey: .integers)
    try container.encodeIfPresent(isNarrow, forKey: .isNarrow)
  }
}
