/// Which zeros may stand where. In recipes `anywhere`, `{keep: 2, of: 4}` or `{block: {outputs: 16, inputs: 1}}`.
public enum PruningPattern: Sendable, Hashable {
  case anywhere
  /// Of each run of `of` inputs of an output `keep` stay; of a shorter run at the end as many in proportion, rounded up.
  case keep(Int, of: Int)
  /// Rectangles of weights that go or stay together.
  case block(outputs: Int, inputs: Int)

  /// What is zero afterwards; nil where the sparsity says.
  var sparsity: Double? {
    if case .keep(let keep, let of) = self { 1 - Double(keep) / Double(of) } else { nil }
  }

  func validate(at path: ParameterPath) throws {
    switch self {
    case .anywhere: break
    case .keep(let keep, let of):
      try path.key(Keys.of).require((2...64).contains(of), expected: "a run of 2 ... 64", found: of)
      try path.key(Keys.keep).require((1..<max(of, 2)).contains(keep), expected: "a number in 1 ..< \(of)", found: keep)
    case .block(let outputs, let inputs):
      let block = path.key(Keys.block)
      try block.key(BlockKeys.outputs).require(outputs >= 1, expected: "at least 1", found: outputs)
      try block.key(BlockKeys.inputs).require(inputs >= 1, expected: "at least 1", found: inputs)
    }
  }
}

extension PruningPattern: Codable {
  private enum Word: String, RecipeWord {
    case anywhere
  }

  private enum Keys: String, CodingKey, CaseIterable {
    case keep, of, block
  }

  private enum BlockKeys: String, CodingKey, CaseIterable {
    case outputs, inputs
  }

  public init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
      _ = try Word(from: decoder)
      self = .anywhere
      return
    }
    let container = try decoder.strictContainer(keyedBy: Keys.self)
    if container.contains(.block) {
      guard container.allKeys.count == 1 else {
        throw CompressionError(
          "wrong-type", subject: ParameterPath(decoder.codingPath).description, expected: "'block', or 'keep' and 'of'",
          found: container.allKeys.map(\.rawValue).sorted().joined(separator: " and "))
      }
      let block = try container.superDecoder(forKey: .block).strictContainer(keyedBy: BlockKeys.self)
      self = .block(outputs: try block.decode(Int.self, forKey: .outputs), inputs: try block.decode(Int.self, forKey: .inputs))
    } else {
      self = .keep(try container.decode(Int.self, forKey: .keep), of: try container.decode(Int.self, forKey: .of))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .anywhere: try Word.anywhere.encode(to: encoder)
    case .keep(let keep, let of):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(keep, forKey: .keep)
      try container.encode(of, forKey: .of)
    case .block(let outputs, let inputs):
      var container = encoder.container(keyedBy: Keys.self)
      var block = container.nestedContainer(keyedBy: BlockKeys.self, forKey: .block)
      try block.encode(outputs, forKey: .outputs)
      try block.encode(inputs, forKey: .inputs)
    }
  }
}
