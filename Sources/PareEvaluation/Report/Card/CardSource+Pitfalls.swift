import PareBacktest

/// The usual mistakes, each with the figure that answers it.
extension CardSource {
  var pitfalls: DeploymentCard.Section {
    DeploymentCard.Section(
      "Usual mistakes, answered",
      [smallSample, luck, liquidity, timeframe, abnormalVolatility, lookAhead, onePeriod])
  }

  private var smallSample: DeploymentCard.Entry {
    let metrics = money.metrics
    return .init(
      "small sample",
      "\(metrics.days) test days; trades \(withInterval(Double(metrics.trades), ReturnFigure.trades.rawValue, number)), hit rate "
        + "\(withInterval(metrics.hitRate, TradeFigure.hitRate.rawValue, share)), net \(withInterval(metrics.netReturn, ReturnFigure.netReturn.rawValue, share)), "
        + "Sharpe ratio \(withInterval(metrics.sharpe, ReturnFigure.sharpe.rawValue, number))")
  }

  private var luck: DeploymentCard.Entry {
    .init(
      "luck among many tries",
      "\(results.evaluated) models and steps were tried on the validation part; that the true Sharpe ratio is above what the best of them would show "
        + "without skill: \(share(evidence?.deflatedSharpe)); above zero: \(share(evidence?.probabilisticSharpe)) (test part)")
  }

  private var liquidity: DeploymentCard.Entry {
    let metrics = money.metrics
    var words =
      "breaks even at \(withInterval(metrics.breakEvenBasisPoints, ReturnFigure.breakEven.rawValue, number)) basis points a side, paid \(number(paidBasisPoints))"
    if let experiment {
      words += "; \(experiment.costs.impact.words); trades \(figure(metrics.turnover)) times the notional a day, "
        + "\(figure(metrics.turnover * experiment.execution.capital)) of the quote currency at a capital of \(figure(experiment.execution.capital))"
    }
    return .init("liquidity and spread", words)
  }

  private var timeframe: DeploymentCard.Entry {
    let later = money.fillOneLater
    let delays = evidence?.delays.points.map { "\(duration($0.milliseconds)) \(share($0.netReturn))" } ?? []
    return .init(
      "wrong timeframe",
      "net \(share(money.metrics.netReturn)), a candle later \(share(later.netReturn))"
        + (delays.isEmpty ? "" : "; by delay: " + delays.joined(separator: ", ")) + "; foretells \(candles(results.data.horizon))")
  }

  private var abnormalVolatility: DeploymentCard.Entry {
    var words: [String] = []
    let worst = worstDays(3)
    if !worst.isEmpty { words.append("worst days: " + worst.joined(separator: ", ")) }
    words.append("largest drawdown \(share(money.metrics.maxDrawdown))")
    if !volatilities.isEmpty { words.append("net by volatility: " + volatilities.map { "\($0.name) \(share($0.net))" }.joined(separator: ", ")) }
    if !stress.isEmpty {
      words.append("net under stress: " + stress.map { "\($0.name) \(share($0.net)) (worst day \(share(0 - $0.worstDailyLoss)))" }.joined(separator: ", "))
    }
    return .init("abnormal volatility", words.joined(separator: "; "))
  }

  private var lookAhead: DeploymentCard.Entry {
    var words = ["rows whose label reaches into the next part are left out"]
    if let experiment { words.append("and \(candles(experiment.split.embargo ?? experiment.label.horizon)) at the beginning of a part") }
    var text = words.joined(separator: ", ") + ". The test part decided nothing"
    if !results.leaks.isEmpty {
      text += ". Looked for: " + results.leaks.map { "\($0.name) \($0.outcome.rawValue)" }.joined(separator: ", ")
    }
    if let truth = results.truth {
      text += ". Skill \(share(model.test.skill)) of the \(share(truth.test.bayesSkill)) that could be known: more would be a leak"
    }
    return .init("look-ahead", text)
  }

  private var onePeriod: DeploymentCard.Entry {
    let term = "one lucky period"
    let both = "net \(share(model.validation.money.metrics.netReturn)) on the validation part and \(share(money.metrics.netReturn)) on the test part"
    guard let walk = results.walkForward else { return .init(term, both + "; no walk-forward was asked for") }
    let pooled = walk.pooled.first { $0.name == model.name }
    return .init(
      term,
      both + "; walk-forward over \(walk.windows.count) windows: net \(share(pooled?.netReturn))"
        + (pooled?.verdict.map { ", \($0.words)" } ?? "") + ", chosen in \(walk.stability.chosen[model.name] ?? 0) of them")
  }
}
