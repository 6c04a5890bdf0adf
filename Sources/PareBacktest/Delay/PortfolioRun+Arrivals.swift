extension PortfolioRun {
  /// Fills the targets that arrive within the candles that have begun, as though all arrived at once.
  mutating func takeArrivals(at model: FillModel) {
    var any = false
    for index in states.indices {
      wanted[index] = states[index].book.position
      arriving[index] = false
      guard movable[index], let arrival = states[index].arrival else { continue }
      any = true
      arriving[index] = true
      let selling = states[index].book.position > 0
      if let level = states[index].levelBefore(price(model, index, arrival.share, buying: !selling)) { leave(index, level) }
      states[index].pass(arrival.share)
      let target = states[index].allowed(arrival.target)
      wanted[index] = guarding.reason == nil ? target : 0
    }
    guard any else { return }
    limit(arriving, least: 1e-12)
    for index in states.indices where arriving[index] {
      let target = wanted[index]
      let fill = price(model, index, states[index].passed, buying: target > states[index].book.position)
      earned += states[index].move(to: fill)
      change(index, .decision, price: fill) { $0.trade(to: target, at: fill) }
      states[index].resume(at: fill)
    }
  }

  private func price(_ model: FillModel, _ index: Int, _ share: Double, buying: Bool) -> Double {
    model.price(in: states[index].candles, candle: states[index].candle, share: share, buying: buying)
  }
}
