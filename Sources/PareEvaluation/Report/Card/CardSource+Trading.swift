import PareBacktest

/// How it enters, leaves and sizes, and what it may lose.
extension CardSource {
  var trading: DeploymentCard.Section {
    guard let experiment else {
      return DeploymentCard.Section("Trading", [.init("rules", "not readable from these results' configuration")])
    }
    let (execution, rules) = (experiment.execution, experiment.execution.rules)
    var exits: [String] = []
    let held = execution.hold ?? experiment.label.horizon
    if execution.tranches {
      exits.append("each decision has a part 1/\(max(held, 1)) of the capital for \(candles(max(held, 1)))")
    } else {
      exits.append(held == 0 ? "with the next decision, whatever it is" : "\(candles(held)) after the last decision for the side, or with one for the other side")
    }
    exits.append(rules.stopLoss.map { "stop at \(share($0)) against the entry" } ?? "no stop-loss")
    exits.append(rules.takeProfit.map { "take-profit at \(share($0))" } ?? "no take-profit")
    if let most = rules.maximumHolding { exits.append("closed after \(candles(most)) in any case") }
    let limits = [("an instrument", rules.limits.instrument), ("gross", rules.limits.gross), ("net", rules.limits.net)]
      .compactMap { name, value in value.map { "\(name) \(figure($0))" } }
    var entries: [DeploymentCard.Entry] = [
      .init(
        "entry",
        "a side is taken where its probability reaches the threshold: \(experiment.threshold.words); "
          + (rules.sides == .both ? "long and short" : "long only")),
      .init("exit", exits.joined(separator: "; ")),
      .init(
        "size",
        execution.size.words + "; " + (execution.sizing == .fixedNotional ? "a fixed notional" : "the whole equity, compounding")
          + (rules.rebalanceBand > 0 ? "; changes below \(figure(rules.rebalanceBand)) are not traded" : "")),
      .init("exposure limits", limits.isEmpty ? "none set" : limits.joined(separator: ", ") + ", as multiples of the notional"),
    ]
    if let settlement = rules.settlement { entries.append(.init("settlement", settlement.words)) }
    entries.append(.init("costs assumed", experiment.costs.words))
    entries.append(.init("delay assumed", execution.latency.words))
    return DeploymentCard.Section("Trading", entries)
  }

  var losses: DeploymentCard.Section {
    let (rules, metrics) = (experiment?.execution.rules, money.metrics)
    let unknown = "not readable from these results' configuration"
    var entries: [DeploymentCard.Entry] = [
      .init(
        "daily loss limit",
        experiment == nil ? unknown : rules?.dailyLossLimit.map { "flat for the rest of the UTC day after a loss of \(share($0))" } ?? "none set"),
      .init(
        "kill switch",
        experiment == nil ? unknown : rules?.killSwitch.map { "flat for good \(share($0)) below the peak" } ?? "none set"),
    ]
    if let rules, rules.dailyLossLimit == nil, rules.killSwitch == nil {
      let stop = rules.stopLoss.map { "; each position stops at \(share($0)), gaps apart" } ?? ""
      entries.append(.init("maximum loss", "none set: nothing but the size of positions bounds it" + stop))
    }
    entries.append(
      .init(
        "largest drawdown",
        "\(share(metrics.maxDrawdown)) on the test part, \(figure(metrics.maxDrawdownDays)) days until the peak was seen again or the end; "
          + "\(share(model.validation.money.metrics.maxDrawdown)) on the validation part"))
    if let worst = worstDays(1).first { entries.append(.init("worst day", worst + ", test part")) }
    entries.append(
      .init(
        "bad days",
        "95 % of the days lost no more than \(share(metrics.valueAtRisk)); the others \(share(metrics.expectedShortfall)) on average"))
    return DeploymentCard.Section("Losses", entries)
  }
}
