import PareBacktest
import PareCompression
import PareMarket

// Values of an experiment whose own decoding takes what it knows: here unknown keys are refused, and keys default one by one.

/// A value, or a list of them.
struct OneOrMore<Value: Codable>: Codable {
  let values: [Value]

  init(values: [Value]) {
    self.values = values
  }

  init(from decoder: any Decoder) throws {
    guard var list = try? decoder.unkeyedContainer() else {
      values = [try Value(from: decoder)]
      return
    }
    var values: [Value] = []
    while !list.isAtEnd { values.append(try list.decode(Value.self)) }
    try ParameterPath(decoder.codingPath).require(!values.isEmpty, expected: "at least one", found: "none")
    self.values = values
  }

  func encode(to encoder: any Encoder) throws {
    if values.count == 1 {
      try values[0].encode(to: encoder)
    } else {
      try values.encode(to: encoder)
    }
  }
}

/// A label whose unknown keys are refused.
struct StrictLabel: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case kind, horizon, profit, loss, share
    case threshold = "threshold-bp"
    case profitBasisPoints = "profit-bp"
    case lossBasisPoints = "loss-bp"
    case volatilityCandles = "volatility-candles"
  }

  /// The kinds that have classes.
  private enum Kind: String, CaseIterable {
    case direction
    case buyHoldSell = "buy-hold-sell"
    case tripleBarrier = "triple-barrier"
    case crossSectionRank = "cross-section-rank"

    /// The keys beside kind and horizon.
    var keys: [CodingKeys] {
      switch self {
      case .direction: []
      case .buyHoldSell: [.threshold]
      case .crossSectionRank: [.share]
      case .tripleBarrier: [.profit, .loss, .volatilityCandles, .profitBasisPoints, .lossBasisPoints]
      }
    }
  }

  let value: LabelDefinition

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let kind: Kind = try container.word(forKey: .kind)
    for key in CodingKeys.allCases where key != .kind && key != .horizon {
      try ParameterPath(decoder.codingPath).key(key).require(
        kind.keys.contains(key) || !container.contains(key), expected: "none where the kind is \(kind.rawValue)", found: "one")
    }
    value = try LabelDefinition(from: decoder)
  }
}

/// A split whose unknown keys are refused and whose shares have defaults.
struct StrictSplit: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case train, validation, embargo
  }

  let value: ChronologicalSplit

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let standard = ChronologicalSplit.standard
    value = try ChronologicalSplit(
      train: container.decodeIfPresent(Double.self, forKey: .train) ?? standard.train,
      validation: container.decodeIfPresent(Double.self, forKey: .validation) ?? standard.validation,
      embargo: container.decodeIfPresent(Int.self, forKey: .embargo))
  }
}

/// Weights of changed decisions that default one by one.
struct StrictWeights: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case missed, `false`, reversed
  }

  let value: DecisionCostWeights

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    func weight(_ key: CodingKeys, _ standard: Double) throws -> Double {
      let weight = try container.decodeIfPresent(Double.self, forKey: key) ?? standard
      try path.key(key).require(weight >= 0 && weight.isFinite, expected: "0 or more", found: weight)
      return weight
    }
    let standard = DecisionCostWeights.standard
    value = try DecisionCostWeights(
      missed: weight(.missed, standard.missed), false: weight(.false, standard.false), reversed: weight(.reversed, standard.reversed))
  }
}

/// A budget in the experiment's spelling.
struct StrictBudget: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case tier
    case latency = "latency-ns"
    case memory = "memory-bytes"
  }

  let value: Budget

  init(value: Budget) {
    self.value = value
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    value = Budget(
      tier: try container.wordIfPresent(forKey: .tier),
      latencyNs: try container.decodeIfPresent(Double.self, forKey: .latency),
      memoryBytes: try container.decodeIfPresent(Int.self, forKey: .memory))
    try path.key(CodingKeys.latency).require(
      (value.latencyNs ?? 1) > 0, expected: "a positive number of nanoseconds", found: value.latencyNs ?? 0)
    try path.key(CodingKeys.memory).require(
      (value.memoryBytes ?? 1) > 0, expected: "a positive number of bytes", found: value.memoryBytes ?? 0)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value.tier, forKey: .tier)
    try container.encode(value.latencyNs, forKey: .latency)
    try container.encode(value.memoryBytes, forKey: .memory)
  }
}
