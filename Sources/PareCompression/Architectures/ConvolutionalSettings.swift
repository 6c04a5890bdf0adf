import PareGraph
import PareModels

/// Convolutions over the candles of a window, with Relu behind each, and a dense layer.
public struct ConvolutionalSettings: ArchitectureSettings {
  public static let name = "cnn"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case channels, kernel, stride
  }

  public var channels: [Int]
  public var kernel: Int
  public var stride: Int

  public init(channels: [Int], kernel: Int = 3, stride: Int = 2) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      channels: try container.decode([Int].self, forKey: .channels),
      kernel: try container.decodeIfPresent(Int.self, forKey: .kernel) ?? 3,
      stride: try container.decodeIfPresent(Int.self, forKey: .stride) ?? 2)
  }

  public var words: String { "CNN \(channels.words), kernel \(kernel), stride \(stride)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.channels).require(widths: channels, "a number", atLeast: 1, atMost: 64)
    try path.key(CodingKeys.kernel).require(kernel, in: 1...1024)
    try path.key(CodingKeys.stride).require(stride, in: 1...1024)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    let (steps, inputs) = try window(rowShape)
    return try ConvolutionalNetwork(
      steps: steps, inputs: inputs, channels: channels, kernel: kernel, stride: stride, outputs: outputs
    ).graph(seed: seed, name: name ?? "cnn", input: input, normalizer: normalizer, thresholds: thresholds)
  }
}

extension NetworkArchitecture {
  /// Convolutions over the candles of a window, with Relu behind each, and a dense layer.
  public static func cnn(channels: [Int], kernel: Int = 3, stride: Int = 2) -> NetworkArchitecture {
    NetworkArchitecture(ConvolutionalSettings(channels: channels, kernel: kernel, stride: stride))
  }
}
