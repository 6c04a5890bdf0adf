extension SimulatedBooks {
  /// What could be known of a label of the candles of these books (`BookSnapshots.candles`), per snapshot; all of it exact.
  ///
  /// `Σ_p P(p | seen) · D(p, d)` is the chance that the mid is `d` ticks higher after the label's horizon, with `p` the pressure and
  /// `D` pressure and displacement propagated together. Each displacement is a mid, that mid a forward return, and the label says
  /// its class: whatever the threshold, the truth is of the label that rows have, and nothing of `configuration.horizon` or
  /// `configuration.threshold` is in it. Cost: about `snapshots · horizon · states` steps.
  ///
  /// - Throws: `market.book-label` for a label without a true class for each return: three classes with a threshold have one.
  public func truth(of label: LabelDefinition, symbol: String) throws(MarketError) -> SimulatedTruth {
    guard case .buyHoldSell = label.kind else {
      throw MarketError(
        "book-label", subject: "label.kind", expected: "buy-hold-sell on simulated books, whose mid may stay where it is",
        found: label.kindName, category: .usage)
    }
    let law = PressureLaw(configuration)
    let forecaster = DisplacementForecaster(law, configuration, label)
    var (bayes, oracle) = (SimulatedForecast(count: snapshots.count), SimulatedForecast(count: snapshots.count))
    var filter = PressureFilter(law)
    let levels = snapshots.levels
    for snapshot in 0..<snapshots.count {
      let bid = configuration.bid(of: snapshots, at: snapshot)
      if snapshot > 0 { filter.predict(afterMove: bid - configuration.bid(of: snapshots, at: snapshot - 1)) }
      let row = snapshot * levels..<(snapshot + 1) * levels
      filter.update(law.logDensities(bids: snapshots.bidQuantities[row], asks: snapshots.askQuantities[row]))
      forecaster.forecast(filter.distribution, bid: bid, into: &bayes, at: snapshot)
      let known = law.pressure.map { $0 == pressures[snapshot] ? 1.0 : 0 }
      forecaster.forecast(known, bid: bid, into: &oracle, at: snapshot)
    }
    return SimulatedTruth(
      symbol: symbol, observations: .books, horizon: label.horizon, threshold: label.returnThreshold, bayes: bayes, oracle: oracle,
      mayStay: true)
  }
}

/// From a distribution over the pressure to what comes of the mid.
private struct DisplacementForecaster {
  private let law: PressureLaw
  private let book: PressureBookSimulation
  private let label: LabelDefinition
  /// Row-major `[states, 2 · horizon + 1]`.
  private let displacements: [Double]

  init(_ law: PressureLaw, _ book: PressureBookSimulation, _ label: LabelDefinition) {
    (self.law, self.book, self.label) = (law, book, label)
    displacements = law.displacements(horizon: label.horizon)
  }

  func forecast(_ distribution: [Double], bid: Int, into forecast: inout SimulatedForecast, at snapshot: Int) {
    let width = 2 * label.horizon + 1
    let mid = book.mid(bid: bid)
    var (up, above, below, mean) = (0.0, 0.0, 0.0, 0.0)
    for column in 0..<width {
      let chance = distribution.indices.reduce(0) { $0 + distribution[$1] * displacements[$1 * width + column] }
      let change = book.mid(bid: bid + column - label.horizon) / mid - 1
      if change > 0 { up += chance }
      switch label.classIndex(of: change) {
      case 2: above += chance
      case 0: below += chance
      default: break
      }
      mean += chance * change
    }
    forecast.probabilityUp[snapshot] = up
    forecast.probabilityAbove[snapshot] = above
    forecast.probabilityBelow[snapshot] = below
    forecast.expectedReturn[snapshot] = mean
    for (move, ticks) in [-1, 0, 1].enumerated() {
      let chance = distribution.indices.reduce(0) { $0 + distribution[$1] * law.move[$1 * 3 + move] }
      let change = book.mid(bid: bid + ticks) / mid - 1
      forecast.nextReturn[snapshot] += chance * change
      forecast.nextSquare[snapshot] += chance * change * change
    }
  }
}

extension PressureBookSimulation {
  /// The mid above a best bid, in ticks, rounded as that of the snapshots.
  fileprivate func mid(bid: Int) -> Double {
    let (best, ask) = (Double(bid) * tick, Double(bid + spread) * tick)
    return best + (ask - best) / 2
  }
}
