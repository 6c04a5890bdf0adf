import Foundation
import PareBacktest
import PareCompression
import PareEvaluation
import PareMarket
import Testing

@Suite struct DeploymentCardTests {
  /// Results of an experiment with candidates that are of no account but for what a test sets.
  private func results(
    _ experiment: Experiment, _ candidates: [CandidateResult], chosen: String? = "first", configuration: String? = nil
  ) throws -> Results {
    let part = DataSummary.Part(rows: 10, first: "2024-01-01 00:00", last: "2024-02-01 00:00")
    return Results(
      experiment: "e", seed: 1,
      data: DataSummary(
        source: "file c.csv", digest: "d", symbols: ["X"], interval: "5m", candles: 30, missingCandles: 2, features: ["f"],
        classes: ["down", "up"], horizon: 12, rows: 30, train: part, validation: part, test: part,
        clipped: ["train": 0.01, "validation": 0.002, "test": 0.004]),
      configuration: try configuration ?? StrictYAML.encode(experiment), candidates: candidates, baselines: [], truth: nil,
      objectives: ["net-return"], budget: Budget(),
      decision: Decision(chosen: chosen, reason: "because", alternatives: [], hypervolume: 0), evaluated: 7)
  }

  private func candidate(breakEven: Double) -> CandidateResult {
    var candidate = Small.candidate("first")
    candidate.test.money.metrics.breakEvenBasisPoints = breakEven
    // 30 basis points for ten sides: 3 a side.
    (candidate.test.money.metrics.costs, candidate.test.money.metrics.tradedNotional) = (0.003, 10)
    return candidate
  }

  private var teacher: CandidateResult { Small.candidate("teacher", role: .teacher) }
  private let plain = Experiment(name: "e", data: .csv(path: "c.csv", symbol: "X", interval: nil, badRows: .refuse))

  private func text(_ card: DeploymentCard, _ section: String, _ term: String) throws -> String {
    let found = try #require(card.sections.first { $0.title == section }, "\(section)")
    return try #require(found.entries.first { $0.term == term }, "\(term)").text
  }

  @Test func whatIsNotSetIsSaidPlainly() throws {
    let card = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 5)]))
    #expect(try text(card, "Losses", "daily loss limit") == "none set")
    #expect(try text(card, "Losses", "kill switch") == "none set")
    #expect(try text(card, "Losses", "maximum loss") == "none set: nothing but the size of positions bounds it")
    #expect(try text(card, "Trading", "exit").contains("no stop-loss; no take-profit"))
    #expect(try text(card, "Trading", "exposure limits") == "none set")
  }

  @Test func everyRuleOfTheExperimentIsOnTheCard() throws {
    var experiment = plain
    experiment.execution = ExecutionChoice(
      sizing: .compounding, hold: 6, tranches: true, size: .kelly(fraction: 0.5, payoff: 1.5, most: 0.8),
      rules: TradingRules(
        sides: .longOnly, stopLoss: 0.02, takeProfit: 0.04, maximumHolding: 48, dailyLossLimit: 0.03, killSwitch: 0.2,
        limits: ExposureLimits(gross: 1), settlement: Settlement(holdingDays: 1, cashDays: 2)), latency: LatencyChoice(feedMicroseconds: 200, plan: .measured, orderMicroseconds: 300))
    experiment.costs = CostChoice(try TradingCosts(fee: 4, halfSpread: 1, slippage: 0.5), funding: .constant(0.0001))
    experiment.threshold = .fixed(0.6)
    experiment.split = try ChronologicalSplit(train: 0.5, validation: 0.25, embargo: 3)
    let card = DeploymentCard(try results(experiment, [teacher, candidate(breakEven: 5)]))
    #expect(try text(card, "Trading", "entry") == "a side is taken where its probability reaches the threshold: 0.6; long only")
    #expect(
      try text(card, "Trading", "exit")
        == "each decision has a part 1/6 of the capital for 6 candles (30 min); stop at 2 % against the entry; take-profit at 4 %; "
        + "closed after 48 candles (4 h) in any case")
    #expect(try text(card, "Trading", "size") == "0.5 of Kelly's size at a payoff of 1.5, at most 0.8 of the notional; the whole equity, compounding")
    #expect(try text(card, "Trading", "exposure limits") == "gross 1, as multiples of the notional")
    #expect(try text(card, "Trading", "settlement") == "what was bought may be sold after 1 days; proceeds buy again after 2 days")
    let costs = try text(card, "Trading", "costs assumed")
    #expect(costs.hasPrefix("5.5 basis points a side: fee 4, half spread 1, slippage 0.5") && costs.contains("funding 0.01 %"))
    #expect(try text(card, "Trading", "delay assumed") == "feed 200 µs, the model's own 99th percentile, order 300 µs; price within a candle: straight")
    #expect(try text(card, "Losses", "daily loss limit") == "flat for the rest of the UTC day after a loss of 3 %")
    #expect(try text(card, "Losses", "kill switch") == "flat for good 20 % below the peak")
    #expect(card.sections.first { $0.title == "Losses" }?.entries.contains { $0.term == "maximum loss" } == false)
    #expect(try text(card, "Usual mistakes, answered", "look-ahead").contains("3 candles (15 min) at the beginning of a part"))
  }

  @Test func costsAreSetAgainstThoseAtWhichItBreaksEven() throws {
    let above = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 5)]))
    #expect(try text(above, "Do not use it when", "costs") == "trading a side costs more than 5 basis points; 3 were paid")
    let below = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 2)]))
    #expect(try text(below, "Do not use it when", "costs") == "now: a side breaks even at 2 basis points, and 3 were paid")
    let idle = DeploymentCard(try results(plain, [teacher, Small.candidate("first")]))
    #expect(try text(idle, "Do not use it when", "costs").hasPrefix("it traded nothing"))
  }

  @Test func inputsAreOutsideAtTwiceTheMostThatWasClipped() throws {
    let card = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 5)]))
    #expect(
      try text(card, "Do not use it when", "inputs")
        == "more than 2 % of the feature values are clipped, twice the most of any part (train 1 %, validation 0.2 %, test 0.4 %)")
  }

  @Test func itIsTheOriginalsWhereNothingWasChosen() throws {
    let card = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 5)], chosen: nil))
    #expect(card.model == "teacher" && card.subject.contains("no recommendation"))
    #expect(card.sections.first { $0.title == "Do not use it when" }?.entries.contains { $0.term == "decisions" } == false)
    let none = DeploymentCard(try results(plain, [], chosen: nil))
    #expect(none.model == nil && none.sections.isEmpty)
  }

  @Test func anExperimentThatCannotBeReadIsSaid() throws {
    let card = DeploymentCard(try results(plain, [teacher, candidate(breakEven: 5)], configuration: "of: another version"))
    #expect(try text(card, "Trading", "rules").contains("not readable"))
    #expect(try text(card, "Losses", "kill switch").contains("not readable"))
    #expect(try text(card, "Do not use it when", "costs").contains("5 basis points"))
  }

  @Test func theDelayAtWhichMoneyTurnsIsTheFirstThatEarnsNothing() async throws {
    var results = try await SmallRun.shared.value.results
    results.chosen = "student"
    let place = try #require(results.candidates.firstIndex { $0.name == "student" })
    func card(_ nets: [Double]) throws -> String {
      let points = zip([0, 1000, 10_000], nets).map { #"{"milliseconds": \#($0), "grossReturn": 1, "netReturn": \#($1), "sharpe": null}"# }
      results.candidates[place].evidence?.test.delays = try JSONDecoder().decode(
        DelayCurve.self, from: Data(#"{"model": "straight", "points": [\#(points.joined(separator: ","))]}"#.utf8))
      return try text(DeploymentCard(results), "Do not use it when", "delay")
    }
    #expect(try card([0.2, 0.1, -0.05]) == "an order takes 10 s or longer: net -5 % there, 20 % without")
    #expect(try card([0.2, -0.1, -0.05]).hasPrefix("an order takes 1 s or longer: net -10 % there"))
    #expect(try card([0.2, 0.1, 0.05]).hasPrefix("an order takes longer than 10 s, the longest that was tried: net 5 %"))
    #expect(try card([-0.2, 0.1, 0.05]) == "now: net -20 % with no delay at all")
  }

  @Test func aWholeRunAnswersEveryUsualMistakeWithFigures() async throws {
    let results = try await SmallRun.shared.value.results
    for chosen in results.candidates.map(\.name) {
      var one = results
      one.chosen = chosen
      let card = DeploymentCard(one)
      #expect(card.sections.map(\.title) == ["Model", "Market", "Trading", "Losses", "Do not use it when", "Usual mistakes, answered"])
      let answers = try #require(card.sections.last).entries
      #expect(answers.map(\.term) == ["small sample", "luck among many tries", "liquidity and spread", "wrong timeframe", "abnormal volatility", "look-ahead", "one lucky period"])
      #expect(answers.allSatisfy { $0.text.contains { $0.isNumber } }, "\(answers)")
      #expect(try text(card, "Do not use it when", "volatility").contains("high"), "the original's too")
      #expect(try text(card, "Usual mistakes, answered", "abnormal volatility").contains("gaps down"))
      #expect(try text(card, "Usual mistakes, answered", "look-ahead").contains("features passed"))
      #expect(!card.sections.flatMap(\.entries).contains { $0.text.contains("Optional") || $0.text.contains("nan") })
      #expect(try JSONDecoder().decode(DeploymentCard.self, from: JSONEncoder().encode(card)) == card)
    }
  }
}
