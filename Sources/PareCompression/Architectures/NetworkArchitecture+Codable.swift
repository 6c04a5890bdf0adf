import PareModels

extension NetworkArchitecture: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case mlp, cnn, lstm, gru
  }

  private struct Layers: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
      case hidden
    }

    var hidden: [Int]

    init(hidden: [Int]) {
      self.hidden = hidden
    }

    init(from decoder: any Decoder) throws {
      hidden = try decoder.strictContainer(keyedBy: CodingKeys.self).decode([Int].self, forKey: .hidden)
    }
  }

  private struct Convolutions: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
      case channels, kernel, stride
    }

    var channels: [Int]
    var kernel: Int
    var stride: Int

    init(channels: [Int], kernel: Int, stride: Int) {
      self.channels = channels
      self.kernel = kernel
      self.stride = stride
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
      channels = try container.decode([Int].self, forKey: .channels)
      kernel = try container.decodeIfPresent(Int.self, forKey: .kernel) ?? 3
      stride = try container.decodeIfPresent(Int.self, forKey: .stride) ?? 2
    }
  }

  package func validate(at path: ParameterPath) throws {
    func require(_ widths: [Int], _ what: String, at path: ParameterPath, least: Int) throws {
      try path.require(widths.count >= least, expected: "at least \(least) layer", found: "none")
      for (index, width) in widths.enumerated() {
        try path.index(index).require((1...65_536).contains(width), expected: "\(what) in 1 ... 65536", found: width)
      }
    }
    switch self {
    case .mlp(let hidden):
      try require(hidden, "a width", at: path.key(Keys.mlp).key(Layers.CodingKeys.hidden), least: 0)
    case .recurrent(let cell, let hidden):
      let key: Keys = cell == .lstm ? .lstm : .gru
      try require(hidden, "a width", at: path.key(key).key(Layers.CodingKeys.hidden), least: 1)
    case .cnn(let channels, let kernel, let stride):
      let path = path.key(Keys.cnn)
      try require(channels, "a number", at: path.key(Convolutions.CodingKeys.channels), least: 1)
      for (key, value) in [(Convolutions.CodingKeys.kernel, kernel), (.stride, stride)] {
        try path.key(key).require((1...1024).contains(value), expected: "a number in 1 ... 1024", found: value)
      }
    }
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .mlp: self = .mlp(hidden: try container.decode(Layers.self, forKey: key).hidden)
    case .lstm: self = .recurrent(.lstm, hidden: try container.decode(Layers.self, forKey: key).hidden)
    case .gru: self = .recurrent(.gru, hidden: try container.decode(Layers.self, forKey: key).hidden)
    case .cnn:
      let layers = try container.decode(Convolutions.self, forKey: key)
      self = .cnn(channels: layers.channels, kernel: layers.kernel, stride: layers.stride)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .mlp(let hidden): try container.encode(Layers(hidden: hidden), forKey: .mlp)
    case .recurrent(let cell, let hidden): try container.encode(Layers(hidden: hidden), forKey: cell == .lstm ? .lstm : .gru)
    case .cnn(let channels, let kernel, let stride):
      try container.encode(Convolutions(channels: channels, kernel: kernel, stride: stride), forKey: .cnn)
    }
  }
}
