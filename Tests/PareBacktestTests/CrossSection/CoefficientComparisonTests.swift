import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct CoefficientComparisonTests {
  /// The series of `benchmarks/peers/metrics.py`.
  private func peers() -> (student: [DailyFigures], teacher: [DailyFigures]) {
    let common = PeerSeries.persistent(seed: 40, count: 300, memory: 0.5)
    var (student, teacher) = ([DailyFigures](), [DailyFigures]())
    for place in 0..<3 as Range<UInt64> {
      let own = zip(common, PeerSeries.persistent(seed: 41 + place, count: 300, memory: 0)).map { 0.03 + $0 + $1 }
      teacher.append(DailyFigures(own))
      student.append(
        DailyFigures(zip(own, PeerSeries.persistent(seed: 51 + place, count: 300, memory: 0.3)).map { 0.9 * $0 + 2 * $1 }))
    }
    return (student, teacher)
  }

  @Test func comparisonAndShareEqualThePeers() throws {
    let (student, teacher) = peers()
    let comparison = try CoefficientComparison(student: student, teacher: teacher, horizon: 5)
    #expect(comparison.seeds == 3 && comparison.days == 300 && comparison.lag == 10)
    let (peer, estimate) = (PeerFigures.paired, try #require(comparison.estimate))
    #expect(agree(estimate.mean, peer["difference"]) && agree(estimate.standardError, peer["error"]))
    #expect(agree(estimate.degreesOfFreedom, peer["freedom"], within: 1e-9))
    #expect(agree(estimate.halfWidth(), peer["half_width"]))
    #expect(agree(comparison.equivalence.differencePValue, peer["p_difference"], within: 1e-11))
    #expect(agree(comparison.equivalence.pValue, peer["p_equivalence"], within: 1e-11))
    #expect(comparison.equivalence.verdict == .equivalent && comparison.difference.excludes(0))
    let kept = try KeptShare(student: student, teacher: teacher, horizon: 5)
    #expect(agree(kept.share.estimate, peer["kept"]) && agree(kept.halfWidth, peer["kept_half_width"]))
  }

  @Test func aTeacherKeepsAllOfItself() throws {
    let (_, teacher) = peers()
    let comparison = try CoefficientComparison(student: teacher, teacher: teacher, horizon: 5)
    #expect(comparison.estimate?.mean == 0 && comparison.equivalence.verdict == .equivalent && comparison.equivalence.pValue == 0)
    let kept = try KeptShare(student: teacher, teacher: teacher, horizon: 5)
    #expect(kept.share.estimate == 1 && agree(kept.halfWidth, 0))
    let scaled = try KeptShare(
      student: teacher.map { DailyFigures($0.values.map { $0.map { 0.8 * $0 } }) }, teacher: teacher, horizon: 5)
    #expect(agree(scaled.share.estimate, 0.8) && agree(scaled.halfWidth, 0, within: 1e-9))
  }

  @Test func onlyDaysThatAllHaveCount() throws {
    let (student, teacher) = peers()
    func without(_ figures: [DailyFigures], _ seed: Int, _ day: Int) -> [DailyFigures] {
      var figures = figures
      var values = figures[seed].values
      values[day] = nil
      figures[seed] = DailyFigures(values)
      return figures
    }
    let comparison = try CoefficientComparison(student: without(student, 1, 7), teacher: without(teacher, 2, 250), horizon: 5)
    func dropped(_ figures: [DailyFigures]) -> [DailyFigures] {
      figures.map { own in DailyFigures(own.values.indices.filter { $0 != 7 && $0 != 250 }.map { own.values[$0] }) }
    }
    #expect(comparison.days == 298)
    #expect(try comparison == CoefficientComparison(student: dropped(student), teacher: dropped(teacher), horizon: 5))
  }

  @Test func ofNoSkillNoShareIsKept() throws {
    let noise = PeerSeries.persistent(seed: 9, count: 200, memory: 0)
    let (weak, wrong) = ([DailyFigures(noise)], [DailyFigures(noise.map { $0 - 0.1 })])
    let share = try KeptShare(student: weak, teacher: weak, horizon: 1)
    #expect(share.teacher.map { $0.interval().excludes(0) } == false)
    #expect(share.share.estimate == 1 || share.share.estimate == nil)
    #expect(share.halfWidth == nil && share.share.lower == nil)
    #expect(try KeptShare(student: weak, teacher: wrong, horizon: 1).share.estimate == nil)
    let few = try CoefficientComparison(
      student: [DailyFigures(Array(noise.prefix(10)))], teacher: [DailyFigures(Array(noise.prefix(10)))], horizon: 1)
    #expect(few.estimate == nil && few.difference.estimate == nil && few.equivalence.verdict == .undecided)
  }

  /// Teachers and students of five seeds whose seeds differ, on common days: of 300 intervals of 95 % nearly all hold the true share,
  /// 0.9, and not by being wide beyond use.
  @Test func theIntervalHoldsTheTrueShare() throws {
    var (held, widths) = (0, 0.0)
    for draw in 0..<300 {
      var generator = SeededGenerator(seed: UInt64(draw), stream: "kept")
      let days = (0..<250).map { _ in 0.1 * generator.normal() }
      var (student, teacher) = ([DailyFigures](), [DailyFigures]())
      for _ in 0..<5 {
        let (seed, loss) = (0.004 * generator.normal(), 0.003 * generator.normal())
        let own = days.map { 0.05 + seed + $0 + 0.02 * generator.normal() }
        teacher.append(DailyFigures(own))
        student.append(DailyFigures(own.map { 0.9 * $0 + loss + 0.02 * generator.normal() }))
      }
      let kept = try KeptShare(student: student, teacher: teacher, horizon: 1)
      guard let lower = kept.share.lower, let upper = kept.share.upper else { continue }
      if lower <= 0.9, upper >= 0.9 { held += 1 }
      widths += (upper - lower) / 2
    }
    #expect(held >= 276, "\(held) of 300")
    #expect(widths / 300 < 0.15, "\(widths / 300)")
  }

  @Test func whatDoesNotPairUpIsRefused() throws {
    let (student, teacher) = peers()
    func code(_ student: [DailyFigures], _ teacher: [DailyFigures], horizon: Int = 1) -> String? {
      errorCode { _ = try CoefficientComparison(student: student, teacher: teacher, horizon: horizon) }
    }
    #expect(code([], []) == "backtest.seeds" && code(Array(student.dropLast()), teacher) == "backtest.seeds")
    #expect(code(student, teacher, horizon: 0) == "backtest.horizon")
    #expect(code([DailyFigures([1, 2])], [DailyFigures([1])]) == "backtest.days")
    #expect(errorCode { _ = try KeptShare(student: student, teacher: teacher, horizon: 1, level: 0) } == "backtest.level")
  }

  @Test func whatDoesNotExistIsWrittenAsNull() throws {
    let none = [DailyFigures([])]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(CoefficientComparison(student: none, teacher: none, horizon: 1)), as: UTF8.self)
    #expect(text.contains(#""estimate":null"#) && text.contains(#""pValue":null"#))
    let share = String(decoding: try encoder.encode(KeptShare(student: none, teacher: none, horizon: 1)), as: UTF8.self)
    #expect(share.contains(#""halfWidth":null"#))
  }
}
