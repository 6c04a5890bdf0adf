extension MarketSimulation {
  /// - Throws: `market.simulation`, of category usage, naming the first key that is out of bounds.
  package func validate() throws(MarketError) {
    func require<Value>(
      _ holds: Bool, _ key: String, _ expected: String, _ found: Value
    ) throws(MarketError) {
      guard holds else {
        throw MarketError(
          "simulation", subject: "simulation." + key, expected: expected, found: "\(found)", category: .usage)
      }
    }
    try require((1...26).contains(symbols), "symbols", "1 to 26", symbols)
    try require((2...10_000_000).contains(candles), "candles", "2 to 10000000", candles)
    try require(interval.milliseconds != nil, "interval", "candles of a fixed length", "'\(interval.rawValue)'")
    try require((0...(1 << 50)).contains(start), "start", "Unix milliseconds", start)
    if let length = interval.milliseconds {
      try require(start % length == 0, "start", "a multiple of the interval", start)
    }
    try require((1...1_000).contains(horizon), "horizon", "1 to 1000 candles", horizon)
    try require(paths % 2 == 0 && (4...1_000_000).contains(paths), "paths", "an even number from 4", paths)
    try require(initialPrice.isFinite && initialPrice > 0, "initial-price", "a positive price", initialPrice)
    try require(volatility > 0 && volatility <= 0.02, "volatility", "a fraction above 0, at most 0.02", volatility)
    try require((0...1).contains(volatilityReaction), "volatility-reaction", "0 to 1", volatilityReaction)
    try require(
      volatilityPersistence >= 0 && volatilityReaction + volatilityPersistence < 1, "volatility-persistence",
      "at least 0, and below 1 together with volatility-reaction", volatilityPersistence)
    try require((3...100).contains(degreesOfFreedom), "degrees-of-freedom", "3 to 100", degreesOfFreedom)
    try require((0..<1).contains(factorLoading), "factor-loading", "at least 0, below 1", factorLoading)
    try require(
      momentumHalfLife >= 1 && momentumHalfLife <= 1e6, "momentum-half-life", "1 to 1000000 candles",
      momentumHalfLife)
    try require((0..<1).contains(volumePersistence), "volume-persistence", "at least 0, below 1", volumePersistence)

    try require((1...8).contains(regimes.count), "regimes", "1 to 8 regimes", regimes.count)
    for (index, regime) in regimes.enumerated() {
      let key = "regimes[\(index)]."
      try require(!regime.name.isEmpty, key + "name", "a name", "''")
      try require(
        regime.meanDuration >= 1 && regime.meanDuration <= 1e9, key + "mean-duration", "at least 1 candle",
        regime.meanDuration)
      try require((0.1...10).contains(regime.volatility), key + "volatility", "0.1 to 10", regime.volatility)
      try require(abs(regime.momentum) <= 0.3, key + "momentum", "−0.3 to 0.3", regime.momentum)
      try require(abs(regime.volume) <= 5, key + "volume", "−5 to 5", regime.volume)
    }
    try require((0...0.5).contains(linear.strength), "linear.strength", "0 to 0.5", linear.strength)
    try require(
      linear.halfLife >= 1 && linear.halfLife <= 1e6, "linear.half-life", "1 to 1000000 candles", linear.halfLife)
    try require((1...8).contains(linear.sources), "linear.sources", "1 to 8", linear.sources)
    try require(abs(linear.seasonal) <= 0.3, "linear.seasonal", "−0.3 to 0.3", linear.seasonal)
    try require(abs(interaction.strength) <= 0.3, "interaction.strength", "−0.3 to 0.3", interaction.strength)
    try require(abs(memory.strength) <= 0.3, "memory.strength", "−0.3 to 0.3", memory.strength)
    try require((1...10_000).contains(memory.delay), "memory.delay", "1 to 10000 candles", memory.delay)
    try require(
      memory.halfLife >= 1 && memory.halfLife <= 1e6, "memory.half-life", "1 to 1000000 candles", memory.halfLife)

    let names = symbolNames
    for (index, edge) in leadLag.enumerated() {
      let key = "lead-lag[\(index)]."
      let known = "one of " + names.joined(separator: ", ")
      try require(names.contains(edge.leader), key + "leader", known, "'\(edge.leader)'")
      try require(names.contains(edge.follower), key + "follower", known, "'\(edge.follower)'")
      try require(edge.leader != edge.follower, key + "follower", "another symbol than the leader", edge.follower)
      try require((1...10_000).contains(edge.lag), key + "lag", "1 to 10000 candles", edge.lag)
      try require(abs(edge.strength) <= 0.3, key + "strength", "−0.3 to 0.3", edge.strength)
    }
    if let signalBreak {
      try require(
        (0..<candles).contains(signalBreak.candle), "signal-break.candle", "a candle of the simulation",
        signalBreak.candle)
      try require(
        abs(signalBreak.signalScale) <= 1, "signal-break.signal-scale", "−1 to 1", signalBreak.signalScale)
    }
    for (name, value) in [("fee", costs.fee), ("half-spread", costs.halfSpread), ("slippage", costs.slippage)] {
      try require((0...1_000).contains(value), "costs." + name, "0 to 1000 basis points", value)
    }
  }
}
