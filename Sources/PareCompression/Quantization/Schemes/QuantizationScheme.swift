/// The integer type of a quantized model's weights and activations.
public enum QuantizationPrecision: String, RecipeWord {
  /// Weights as int8 in −127 … 127, activations as uint8.
  case int8
}

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
  public enum Granularity: String, RecipeWord {
    case perTensor = "per-tensor"
    /// One scale for each output of a layer.
    case perChannel = "per-channel"
  }

  public var symmetry: Symmetry
  public var granularity: Granularity

  public static func symmetric(_ granularity: Granularity) -> TensorScheme {
    TensorScheme(symmetry: .symmetric, granularity: granularity)
  }

  public static func asymmetric(_ granularity: Granularity) -> TensorScheme {
    TensorScheme(symmetry: .asymmetric, granularity: granularity)
  }
}

extension TensorScheme: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case symmetry, granularity
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    symmetry = try container.decode(Symmetry.self, forKey: .symmetry)
    granularity = try container.decode(Granularity.self, forKey: .granularity)
  }
}

/// How a model is quantized: the integers, and the maps onto them for weights and activations.
///
/// Products are summed in integers, which needs weights whose zero is 0 and activations with one scale for all that a
/// layer sums over; other combinations are out of range.
public struct QuantizationScheme: Sendable, Hashable {
  public var precision: QuantizationPrecision
  public var weights: TensorScheme
  public var activations: TensorScheme

  public init(
    _ precision: QuantizationPrecision, weights: TensorScheme = .symmetric(.perChannel),
    activations: TensorScheme = .asymmetric(.perTensor)
  ) {
    self.precision = precision
    self.weights = weights
    self.activations = activations
  }
}
