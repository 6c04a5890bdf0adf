import PareBacktest
import PareEvaluation
import PareMarket
import PareTensor
import Testing

@Suite struct JudgeTests {
  private let dataset: MarketDataset
  private let market: SimulatedMarket
  private let truth: SimulatedTruth

  init() throws {
    market = try Small.simulation().run(seed: 11)
    truth = try market.truth(market.series[0].key.symbol)
    dataset = try MarketDataset(
      series: market.series, schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
  }

  private func judge(truth: SimulatedTruth? = nil, costs: TradingCosts = .standard) throws -> Judge {
    try Judge(
      dataset: dataset, series: market.series,
      plan: TradingPlan(costs: CostModel(costs), positions: .single(.candles(12))), truths: [truth])
  }

  /// An opinion whose probability of going up is given row by row on the test part.
  private func opinion(threshold: Float = 0.5, _ up: (Int) -> Float) throws -> Judge.Opinion {
    let values = dataset.parts[.test].flatMap { row in [1 - up(row), up(row)] }
    return Judge.Opinion(
      probabilities: try ClassProbabilities(values, classCount: 2), threshold: try DecisionThreshold(threshold))
  }

  @Test func agreementAndFlipsAreCountedRowByRow() throws {
    let first = dataset.parts[.test].lowerBound
    // Confident on the first four rows only; flat at a threshold of 0.6 elsewhere.
    let teacher = try opinion(threshold: 0.6) { [0.9, 0.1, 0.9, 0.55][safe: $0 - first] ?? 0.55 }
    let candidate = try opinion(threshold: 0.99) { [0.52, 0.1, 0.2, 0.9][safe: $0 - first] ?? 0.55 }
    let measures = try judge().judgement(of: candidate, against: teacher, on: .test).measures
    #expect(measures.flips.missed == 1 && measures.flips.reversed == 1 && measures.flips.false == 1)
    let rows = Double(dataset.parts[.test].count)
    #expect(measures.flips.rate == 3 / rows)
    // Of the four rows in which either trades, both are short in one.
    #expect(measures.flips.equalPositions == 0.25)
    #expect(measures.agreement == (rows - 1) / rows)
    // Its own threshold lets it trade nothing; the teacher's does.
    #expect(measures.money.metrics.trades == 0 && measures.money.metrics.netReturn == 0)
    #expect(measures.atTeacherThresholds.netReturn != 0)
  }

  @Test func skillUnderTheTruthIsAnExpectation() throws {
    let judge = try judge(truth: truth)
    let rows = dataset.parts[.test]
    let bayes = try opinion { Float(truth.bayes.probabilityUp[dataset.candleIndices[$0]]) }
    let skill = try judge.judgement(of: bayes, against: bayes, on: .test).measures.skill
    let summary = try #require(judge.truthSummary(market: []))
    #expect(abs(skill - summary.test.bayesSkill) < 1e-6)
    let majority = ClassificationMetrics.majorityClass(of: dataset.labelled(.train).labels)
    let always = try opinion { _ in majority == 1 ? 0.9 : 0.1 }
    #expect(try judge.judgement(of: always, against: always, on: .test).measures.skill == 0)
    let opposite = try opinion { _ in majority == 1 ? 0.1 : 0.9 }
    let expected = rows.reduce(0) { sum, row in
      let up = truth.bayes.probabilityUp[dataset.candleIndices[row]]
      return sum + (majority == 1 ? 1 - 2 * up : 2 * up - 1)
    } / Double(rows.count)
    #expect(abs(try judge.judgement(of: opposite, against: opposite, on: .test).measures.skill - expected) < 1e-12)
    #expect(summary.test.oracleSkill > summary.test.bayesSkill)
  }

  @Test func threeClassesHaveATruthOfTheirOwn() throws {
    let label = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 20), horizon: 12)
    let truth = try market.truth(market.series[0].key.symbol, threshold: label.returnThreshold)
    let dataset = try MarketDataset(series: market.series, schema: FeatureSchema(interval: .fiveMinutes), label: label)
    func judge(_ truth: SimulatedTruth) throws -> Judge {
      try Judge(dataset: dataset, series: market.series, plan: TradingPlan(positions: .single(.candles(12))), truths: [truth])
    }
    func opinion(_ probabilities: (Int) -> [Double]) throws -> Judge.Opinion {
      let values = dataset.parts[.test].flatMap { probabilities($0).map(Float.init) }
      return Judge.Opinion(probabilities: try ClassProbabilities(values, classCount: 3), threshold: try DecisionThreshold(0.5))
    }
    let summary = try #require(try judge(truth).truthSummary(market: []))
    let bayes = try opinion { truth.bayes.classProbabilities(at: dataset.candleIndices[$0], of: label) }
    #expect(abs(try judge(truth).judgement(of: bayes, against: bayes, on: .test).measures.skill - summary.test.bayesSkill) < 1e-6)
    #expect(summary.test.oracleSkill > summary.test.bayesSkill && summary.test.bayesSkill > 0)
    let majority = Int(try #require(ClassificationMetrics.majorityClass(of: dataset.labelled(.train).labels)))
    let always = try opinion { _ in (0..<3).map { $0 == majority ? 0.8 : 0.1 } }
    #expect(try judge(truth).judgement(of: always, against: always, on: .test).measures.skill == 0)
    // A truth of another threshold says nothing of these classes.
    #expect(try judge(self.truth).truthSummary(market: []) == nil)
  }

  @Test func anOracleOfLabelsMakesMoneyAndAShuffledOneHasNoSkill() throws {
    let perfect = try opinion { dataset.labels[$0] == 1 ? 0.9 : 0.1 }
    let measures = try judge().judgement(of: perfect, against: perfect, on: .test).measures
    #expect(measures.money.metrics.netReturn > 0.2)
    #expect(measures.scores.accuracy == 1)
    var generator = SeededGenerator(seed: 4)
    let rows = dataset.parts[.test]
    let shuffled = generator.permutation(rows.count)
    let random = try opinion { dataset.labels[rows.lowerBound + shuffled[$0 - rows.lowerBound]] == 1 ? 0.9 : 0.1 }
    let skill = try judge(truth: truth).judgement(of: random, against: random, on: .test).measures.skill
    // Labels overlap over 12 candles; the shuffled guesses do not, so their mean deviates by 1/√rows at most a few times.
    #expect(abs(skill) < 4 / Double(rows.count).squareRoot())
  }

  @Test func aRandomSignalLosesItsCosts() throws {
    var generator = SeededGenerator(seed: 9)
    let values = dataset.parts[.test].map { _ in generator.uniform() < 0.5 ? Float(0.9) : 0.1 }
    let first = dataset.parts[.test].lowerBound
    let random = try opinion { values[$0 - first] }
    let costly = try judge().judgement(of: random, against: random, on: .test).measures
    let free = try judge(costs: .none).judgement(of: random, against: random, on: .test).measures
    #expect(abs(free.money.metrics.netReturn - costly.money.metrics.netReturn - costly.money.metrics.costs) < 1e-12)
    #expect(free.money.metrics.grossReturn == costly.money.metrics.grossReturn && costly.money.metrics.costs > 0.1)
  }

  @Test func thePartsOfAnUninformedLogLossAreTheClassFrequencies() throws {
    let training = dataset.labelled(.train).labels
    let up = Double(training.count { $0 == 1 }) / Double(training.count)
    let constant = try opinion { _ in Float(up) }
    let measured = try judge().judgement(of: constant, against: constant, on: .test).measures.scores.logLoss
    #expect(abs(try judge().uninformedLogLoss(on: .test) - measured) < 1e-6)
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
