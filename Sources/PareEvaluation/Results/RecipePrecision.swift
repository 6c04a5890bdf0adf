import PareCompression

extension Recipe {
  /// The numbers that the last step which quantizes puts in the place of weights, as recipes spell them; nil where none does.
  var precision: String? {
    steps.reversed().lazy.compactMap { step in
      switch step {
      case let quantization as Quantization:
        quantization.scheme.precision.name + (quantization.overrides.isEmpty ? "" : ", mixed")
      case let mixed as MixedPrecision: mixed.precisions.map(\.precision.name).joined(separator: " and ") + ", mixed"
      case let training as QuantizationAwareTraining: training.precision.rawValue + ", trained"
      default: nil
      }
    }.first
  }
}

extension QuantizationPrecision {
  fileprivate var name: String {
    switch self {
    case .float32: "fp32"
    case .float16: "fp16"
    case .bfloat16: "bf16"
    case .int8: "int8"
    case .int4: "int4"
    case .ternary: "ternary"
    case .binary: "binary"
    case .powersOfTwo(let bits): "powers of two, \(bits) bits"
    case .kMeans(let bits): "k-means, \(bits) bits"
    case .learned(let bits): "learned, \(bits) bits"
    }
  }
}
