/// The shape of a student, whose inputs and outputs are those of its teacher. In recipes: `{mlp: {hidden: [16, 8]}}`.
public enum StudentArchitecture: Sendable, Hashable {
  /// Dense layers of these widths with Relu between them; none makes it a logistic regression.
  case mlp(hidden: [Int])

  package func validate(at path: ParameterPath) throws {
    switch self {
    case .mlp(let hidden):
      for (index, width) in hidden.enumerated() {
        try path.key(Keys.mlp).key(Perceptron.hidden).index(index).require(
          (1...65_536).contains(width), expected: "a width in 1 ... 65536", found: width)
      }
    }
  }
}

extension StudentArchitecture: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case mlp
  }

  private enum Perceptron: String, CodingKey, CaseIterable {
    case hidden
  }

  private struct PerceptronParameters: Codable {
    var hidden: [Int]

    init(hidden: [Int]) {
      self.hidden = hidden
    }

    init(from decoder: any Decoder) throws {
      hidden = try decoder.strictContainer(keyedBy: Perceptron.self).decode([Int].self, forKey: .hidden)
    }
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .mlp: self = .mlp(hidden: try container.decode(PerceptronParameters.self, forKey: key).hidden)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .mlp(let hidden): try container.encode(PerceptronParameters(hidden: hidden), forKey: .mlp)
    }
  }
}
