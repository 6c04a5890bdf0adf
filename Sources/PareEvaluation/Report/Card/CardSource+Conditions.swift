import PareBacktest
import PareMarket

/// When the model is not to be used, each with the figure that says when.
extension CardSource {
  var conditions: DeploymentCard.Section {
    var entries: [DeploymentCard.Entry] = [skill, costs]
    if let volatility { entries.append(volatility) }
    entries.append(inputs)
    if let delay { entries.append(delay) }
    if !isOriginal { entries.append(decisions) }
    entries.append(drawdown)
    if let limit = results.budget.effectiveLatencyNs, let latency = model.latencyNs {
      entries.append(.init("latency", "a decision's p99 is above \(figure(limit)) ns; it was \(figure(latency.p99))"))
    }
    return DeploymentCard.Section("Do not use it when", entries)
  }

  private var skill: DeploymentCard.Entry {
    let gross = withInterval(money.metrics.grossReturn, ReturnFigure.grossReturn.rawValue, share)
    guard let interval = evidence?.intervals[ReturnFigure.grossReturn.rawValue] else {
      return .init("skill", "its gross return, \(gross) on the test part, cannot be told from zero; no interval is known")
    }
    return (interval.lower ?? 0) > 0
      ? .init("skill", "its gross return can no longer be told from zero; on the test part it can: \(gross)")
      : .init("skill", "now: its gross return on the test part cannot be told from zero: \(gross)")
  }

  private var costs: DeploymentCard.Entry {
    let metrics = money.metrics
    guard let breakEven = metrics.breakEvenBasisPoints, let paid = paidBasisPoints else {
      return .init("costs", "it traded nothing on the test part, and there is no cost at which it breaks even")
    }
    let words = withInterval(breakEven, ReturnFigure.breakEven.rawValue, number)
    return breakEven > paid
      ? .init("costs", "trading a side costs more than \(words) basis points; \(figure(paid)) were paid")
      : .init("costs", "now: a side breaks even at \(words) basis points, and \(figure(paid)) were paid")
  }

  private var volatility: DeploymentCard.Entry? {
    let rows = volatilities
    let all = Double(rows.reduce(0) { $0 + $1.decisions })
    guard all > 0 else { return nil }
    let words = rows.map { "\($0.name) \(share($0.net)) net on \(share(Double($0.decisions) / all)) of the decisions" }
    let lost = rows.filter { $0.net <= 0 && $0.decisions > 0 }.map(\.name)
    let begin = lost.isEmpty ? "it leaves the thirds of the training part, in each of which it earned" : "it is \(lost.joined(separator: " or ")), where nothing was earned"
    return .init("volatility", begin + "; test part, at the original's threshold: " + words.joined(separator: ", "))
  }

  private var inputs: DeploymentCard.Entry {
    let clipped = results.data.clipped
    let words = DatasetPart.allCases.compactMap { part in clipped[part.rawValue].map { "\(part.rawValue) \(share($0))" } }
    return .init(
      "inputs",
      "more than \(share(2 * (clipped.values.max() ?? 0))) of the feature values are clipped, twice the most of any part (\(words.joined(separator: ", ")))")
  }

  /// Where the curve of money by delay turns.
  private var delay: DeploymentCard.Entry? {
    guard let points = evidence?.delays.points, let last = points.last else { return nil }
    guard let turn = points.first(where: { $0.netReturn <= 0 }) else {
      return .init(
        "delay",
        "an order takes longer than \(duration(last.milliseconds)), the longest that was tried: net \(share(last.netReturn)) there, "
          + "\(share(points[0].netReturn)) without")
    }
    return turn.milliseconds == points[0].milliseconds
      ? .init("delay", "now: net \(share(turn.netReturn)) with no delay at all")
      : .init("delay", "an order takes \(duration(turn.milliseconds)) or longer: net \(share(turn.netReturn)) there, \(share(points[0].netReturn)) without")
  }

  private var decisions: DeploymentCard.Entry {
    let (validation, test) = (model.validation, model.test)
    return .init(
      "decisions",
      "fewer than \(share(min(validation.agreement, test.agreement))) of its likeliest classes are the original's, or more than "
        + "\(share(max(validation.flips.rate, test.flips.rate))) of its decisions differ: the worse of validation and test part")
  }

  private var drawdown: DeploymentCard.Entry {
    let seen = max(money.metrics.maxDrawdown, model.validation.money.metrics.maxDrawdown)
    let bound = max(seen, evidence?.intervals[ReturnFigure.maxDrawdown.rawValue]?.upper ?? 0)
    return .init("drawdown", "it is more than \(share(bound)) below its peak: beyond what was seen and the 95 % interval of the test part")
  }
}

