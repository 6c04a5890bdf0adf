/// Markets in which one kind of signal is all there is, to see what a model can see. `docs/simulator.md` has what Bayes
/// gets on them, and what those get who do not look at the right place.
extension MarketSimulation {
  /// Leaders whose returns foretell those of their followers; own candles tell a follower almost nothing.
  ///
  /// A third of the symbols lead, at least two where there are three or more. Each of the others follows two of them (one,
  /// where one is all there is) with a lag as long as the horizon, so that all that a decision needs has just been seen, and
  /// nothing of it in the follower's own candles: the symbols' innovations are independent. Every other follower moves
  /// against its second leader, so that neighbours have to be told apart. A weak pattern over the day is all else there is.
  public static func leadLag(symbols: Int = 8) -> MarketSimulation {
    var market = silent
    market.symbols = symbols
    market.linear.seasonal = 0.03
    let names = market.symbolNames
    let leaders = names.prefix(names.count < 3 ? 1 : max(2, names.count / 3))
    for follower in names.indices.dropFirst(leaders.count) {
      for edge in 0..<min(2, leaders.count) {
        market.leadLag.append(
          LeadLagEdge(
            leader: leaders[(follower + edge) % leaders.count], follower: names[follower], lag: market.horizon,
            strength: edge == 1 && follower % 2 == 1 ? -0.3 : 0.3))
      }
    }
    return market
  }

  /// A signal in returns older than 20 candles alone: the newest 20 hold almost nothing of it.
  ///
  /// The mean of every candle over the horizon follows returns that are at least 20 candles old when the decision is made,
  /// with a half-life of one candle. A window of the newest 20 sees but the trace that the signal left in them.
  public static func memory() -> MarketSimulation {
    var market = silent
    market.memory = MemorySignal(strength: 0.3, delay: 20 + market.horizon, halfLife: 1)
    return market
  }

  /// Momentum whose sign depends on the time of day, and nothing else: a model that only adds sees little of it.
  public static func interaction() -> MarketSimulation {
    var market = silent
    market.interaction.strength = 0.13
    return market
  }

  /// One symbol, 20,000 candles, a horizon of 5, and nothing that foretells.
  private static var silent: MarketSimulation {
    var market = MarketSimulation()
    market.symbols = 1
    market.candles = 20_000
    market.horizon = 5
    market.factorLoading = 0
    market.linear = LinearSignal(strength: 0, seasonal: 0)
    market.interaction.strength = 0
    market.regimes = SimulatedRegime.standard.map { regime in
      var still = regime
      still.momentum = 0
      return still
    }
    return market
  }
}
