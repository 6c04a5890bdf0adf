import PareBacktest
import PareMarket

/// What the model is, and for which market.
extension CardSource {
  var what: DeploymentCard.Section {
    let time = model.latencyNs.map { latency in
      "p50 \(figure(latency.p50)) ns, p99 \(figure(latency.p99)) ns, p99.9 \(figure(latency.p999)) ns, max \(figure(latency.max)) ns; "
        + "reading the clock costs \(figure(latency.clock)) ns within the last three; kernels \(results.kernels ?? "not said")"
    }
    return DeploymentCard.Section(
      "Model",
      [
        .init("made by", model.made + (model.from.map { ", from \($0)" } ?? "")),
        .init("foretells", foretold),
        .init("artifact", "\(model.artifact ?? "none"), \(model.bytes) bytes, \(model.planBytes) resident; carries normalizer and threshold"),
        .init("one decision", time ?? "not known"),
      ])
  }

  private var foretold: String {
    let words = "\(results.data.classes.joined(separator: " / ")) over \(candles(results.data.horizon)) from the first possible fill"
    guard case .tripleBarrier(let profit, let loss, let unit) = experiment?.label.kind else { return words }
    let measure =
      switch unit {
      case .basisPoints: "basis points"
      case .volatility(let candles): "times the volatility of \(candles) candles over the horizon"
      }
    return words + ", by the barrier that is touched first: \(figure(profit)) above or \(figure(loss)) below, \(measure)"
  }

  private var exchangeZone: String? {
    if case .exchange(let hours) = experiment?.execution.calendar { hours.timeZone } else { nil }
  }

  var market: DeploymentCard.Section {
    let data = results.data
    var entries: [DeploymentCard.Entry] = [
      .init("instrument", data.symbols.joined(separator: ", ")),
      .init("data", "\(data.source); \(data.candles) candles, \(data.missingCandles) missing within the span"),
      .init("sampling", "candles of \(data.interval); one decision at each close, from that candle and earlier ones; filled at the next open at the earliest"),
      .init("time zone", "UTC, for candles and funding" + (exchangeZone.map { "; trading days are those of the exchange, \($0)" } ?? " and days")),
      .init("trained on", "\(data.train.first) to \(data.train.last)"),
      .init("chosen on", "\(data.validation.first) to \(data.validation.last)"),
      .init("judged on", "\(data.test.first) to \(data.test.last), \(money.metrics.days) days"),
    ]
    if let experiment {
      let calendar = experiment.execution.calendar
      let days =
        switch calendar {
        case .everyDay: "every day"
        case .sessions: "days with candles"
        case .exchange: "sessions of the exchange"
        }
      entries.append(.init("calendar", "\(days), \(figure(calendar.daysPerYear)) a year"))
      if let actions = experiment.actions { entries.append(.init("splits and dividends", "from \(actions)")) }
    }
    return DeploymentCard.Section("Market", entries)
  }
}
