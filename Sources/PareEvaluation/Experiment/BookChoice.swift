import PareCompression
import PareMarket

/// What a row holds of an order book: `{levels: 10, window: 50}` is a window of the levels themselves, as DeepLOB sees them;
/// `{columns: [imbalance(1), imbalance(20), move(20)]}` are numbers worked out of them by hand.
public struct BookChoice: Sendable, Hashable {
  public var inputs: BookInputs

  public init(_ inputs: BookInputs) {
    self.inputs = inputs
  }
}

extension BookChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case levels, window, columns, reference, price, quantity
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    let levels = try container.decodeIfPresent(Int.self, forKey: .levels) ?? 10
    let window = try container.decodeIfPresent(Int.self, forKey: .window)
    do {
      if let names = try container.decodeIfPresent([String].self, forKey: .columns) {
        for key in [CodingKeys.reference, .price, .quantity] {
          try path.key(key).require(!container.contains(key), expected: "none beside 'columns'", found: "one")
        }
        let columns = try names.map { name in try BookColumn(name: name) }
        inputs = .columns(try BookColumns(columns, levels: levels, window: window ?? 1))
      } else {
        inputs = .levels(
          try BookFeatures(
            steps: window ?? 100, levels: levels,
            reference: try container.wordIfPresent(forKey: .reference) ?? .newestMid,
            price: try container.decodeIfPresent(PriceChoice.self, forKey: .price)?.unit ?? .trailingDeviation(snapshots: 100),
            quantity: try container.decodeIfPresent(QuantityChoice.self, forKey: .quantity)?.unit ?? .log))
      }
    } catch let error as MarketError {
      throw EvaluationError(
        "book-features", subject: path.key(Self.key(of: error.subject)).description, expected: error.expected, found: error.found,
        category: .usage)
    }
  }

  /// The key that a subject of the market's errors, `book.steps`, is of.
  private static func key(of subject: String) -> String {
    let name = subject.split(separator: ".").dropFirst().joined(separator: ".")
    let keys = [
      "steps": "window", "tick": "price.ticks", "price": "price.trailing-deviation", "quantity": "quantity.trailing-mean",
    ]
    return keys[name] ?? name
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(inputs.levels, forKey: .levels)
    switch inputs {
    case .columns(let columns):
      try container.encode(columns.window, forKey: .window)
      try container.encode(columns.columns.map(\.description), forKey: .columns)
    case .levels(let features):
      try container.encode(features.steps, forKey: .window)
      try container.encode(features.reference, forKey: .reference)
      try container.encode(PriceChoice(unit: features.price), forKey: .price)
      try container.encode(QuantityChoice(unit: features.quantity), forKey: .quantity)
    }
  }
}

/// `{ticks: 0.01}` or `{trailing-deviation: 100}`.
private struct PriceChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case ticks
    case deviation = "trailing-deviation"
  }

  let unit: BookFeatures.PriceUnit

  init(unit: BookFeatures.PriceUnit) {
    self.unit = unit
  }

  init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
    unit =
      key == .ticks
      ? .ticks(size: try container.decode(Double.self, forKey: key))
      : .trailingDeviation(snapshots: try container.decode(Int.self, forKey: key))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch unit {
    case .ticks(let size): try container.encode(size, forKey: .ticks)
    case .trailingDeviation(let count): try container.encode(count, forKey: .deviation)
    }
  }
}

/// `log` or `{trailing-mean: 100}`.
private struct QuantityChoice: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case mean = "trailing-mean"
  }

  let unit: BookFeatures.QuantityUnit

  init(unit: BookFeatures.QuantityUnit) {
    self.unit = unit
  }

  init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      try ParameterPath(decoder.codingPath).require(word == "log", expected: "log or {trailing-mean: snapshots}", found: "'\(word)'")
      unit = .log
    } else {
      let (container, key) = try decoder.alternative(keyedBy: CodingKeys.self)
      unit = .trailingMean(snapshots: try container.decode(Int.self, forKey: key))
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch unit {
    case .log:
      var container = encoder.singleValueContainer()
      try container.encode("log")
    case .trailingMean(let count):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(count, forKey: .mean)
    }
  }
}
