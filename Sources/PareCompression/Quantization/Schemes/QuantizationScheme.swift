import PareGraph

/// When the numbers by which activations become integers are chosen.
public enum QuantizationMode: String, RecipeWord {
  /// Before the model is deployed, on the training part. Products are summed in integers.
  case `static`
  /// At every evaluation, from the values at hand (ONNX's DynamicQuantizeLinear). Products are summed in floating point.
  case dynamic
  /// Never: weights alone are quantized, and the layer computes in Float32 with what they stand for.
  case weightOnly = "weight-only"
}

/// How a layer is quantized: the numbers that stand for its weights, the maps onto them for weights and activations, how
/// weights are rounded, and what is computed in integers.
///
/// Not every combination can be computed in integers; `validate(at:)` says which and why.
public struct QuantizationScheme: Sendable, Hashable {
  public var precision: QuantizationPrecision
  public var mode: QuantizationMode
  public var weights: TensorScheme
  /// Read in the mode `static` alone; `dynamic` is asymmetric and per tensor.
  public var activations: TensorScheme
  public var rounding: WeightRounding

  /// - Parameters:
  ///   - weights: by default symmetric, `int4` in groups of 32, others per channel.
  ///   - mode: by default `static` where the precision has integer arithmetic (int8, int4, binary), else `weightOnly`.
  public init(
    _ precision: QuantizationPrecision, weights: TensorScheme? = nil,
    activations: TensorScheme = .asymmetric(.perTensor), mode: QuantizationMode? = nil,
    rounding: WeightRounding = .halfToEven
  ) {
    self.precision = precision
    self.mode = mode ?? (precision.hasIntegerArithmetic ? .static : .weightOnly)
    self.weights = (weights ?? .symmetric(precision == .int4 ? .perGroup(32) : .perChannel)).resolved(.signed)
    self.activations = activations.resolved(.unsigned)
    self.rounding = rounding
  }

  /// The integers of weights; nil where the precision has none.
  var weightIntegers: IntegerFormat? {
    precision.integerBits.map { weights.integers(bits: $0, usual: .signed) }
  }
}

extension QuantizationPrecision {
  /// Whether products with such weights can be summed in integers.
  var hasIntegerArithmetic: Bool { integerBits != nil || self == .binary }
}

// MARK: - What is possible

extension QuantizationScheme {
  /// Checks what can be computed.
  ///
  /// - Throws: `CompressionError` `compression.range`, with the reason.
  func validate(at path: ParameterPath) throws {
    if let bits = precision.levelBits {
      let least = if case .powersOfTwo = precision { 2 } else { 1 }
      try path.key(SchemeKeys.precision).require(
        (least...8).contains(bits), expected: "bits in \(least) ... 8", found: bits)
    }
    try validateMode(at: path.key(SchemeKeys.mode))
    try validateWeights(at: path.key(SchemeKeys.weights))
    if mode == .static, precision.integerBits != nil { try validateActivations(at: path.key(SchemeKeys.activations)) }
    try rounding.validate(at: path.key(SchemeKeys.rounding))
    try path.key(SchemeKeys.rounding).require(
      rounding == .halfToEven || precision.integerBits != nil,
      expected: "'half-to-even': \(precision.words) has no integers to choose between", found: "another")
  }

  private func validateMode(at path: ParameterPath) throws {
    guard precision.integerBits == nil else { return }
    if precision == .binary {
      try path.require(
        mode != .dynamic, expected: "'static' or 'weight-only': a sign has no range to find", found: "'\(mode.rawValue)'")
    } else {
      try path.require(
        mode == .weightOnly, expected: "'weight-only': \(precision.words) is stored so and multiplied in Float32",
        found: "'\(mode.rawValue)'")
    }
  }

  private func validateWeights(at path: ParameterPath) throws {
    let granularity = path.key(TensorScheme.CodingKeys.granularity)
    if let size = weights.granularity.groupSize {
      try path.key(TensorScheme.CodingKeys.groupSize).require(
        QuantizedGroupDense.blockSizes.contains(size), expected: "32, 64 or 128", found: size)
      try granularity.require(
        precision.integerBits != nil, expected: "'per-tensor' or 'per-channel': groups are of integers", found: "'per-group'")
      try granularity.require(
        precision == .int4 || mode == .weightOnly,
        expected: "'per-tensor' or 'per-channel': sums of groups have an integer form with int4 alone", found: "'per-group'")
    }
    guard precision.hasIntegerArithmetic || precision == .ternary, mode == .static || precision.integerBits == nil else {
      return
    }
    try path.key(TensorScheme.CodingKeys.symmetry).require(
      weights.symmetry == .symmetric, expected: "'symmetric': \(precision.words) weights have no zero point",
      found: "'\(weights.symmetry.rawValue)'")
    try path.key(TensorScheme.CodingKeys.integers).require(
      weights.signedness != .unsigned, expected: "'signed': products are of unsigned inputs with signed weights",
      found: "'unsigned'")
  }

  private func validateActivations(at path: ParameterPath) throws {
    try path.key(TensorScheme.CodingKeys.granularity).require(
      activations.granularity == .perTensor, expected: "'per-tensor': a layer sums over its channels",
      found: "'\(activations.granularity.word.rawValue)'")
    try path.key(TensorScheme.CodingKeys.integers).require(
      activations.signedness != .signed, expected: "'unsigned': products are of unsigned inputs with signed weights",
      found: "'signed'")
  }
}

// MARK: - Spelling

/// The keys of a scheme, which stand among those of a technique or an override.
enum SchemeKeys: String, CodingKey, CaseIterable {
  case precision, mode, weights, activations, rounding
}

extension QuantizationScheme: Codable {
  /// Reads its own keys and leaves others to whoever holds them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: SchemeKeys.self)
    self.init(
      try container.decode(QuantizationPrecision.self, forKey: .precision),
      weights: try container.decodeIfPresent(TensorScheme.self, forKey: .weights),
      activations: try container.decodeIfPresent(TensorScheme.self, forKey: .activations) ?? .asymmetric(.perTensor),
      mode: try container.decodeIfPresent(QuantizationMode.self, forKey: .mode),
      rounding: try container.decodeIfPresent(WeightRounding.self, forKey: .rounding) ?? .halfToEven)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SchemeKeys.self)
    try container.encode(precision, forKey: .precision)
    try container.encode(mode, forKey: .mode)
    try container.encode(weights, forKey: .weights)
    try container.encode(activations, forKey: .activations)
    try container.encode(rounding, forKey: .rounding)
  }
}
