import PareBacktest
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// Days of a panel as rows, and back.
struct PanelRowsTests {
  private static func data() async throws -> PanelData {
    var simulation = MarketSimulation.leadLag(symbols: 3)
    simulation.candles = 300
    var experiment = PanelExperiment(name: "rows", data: .simulatedPanel(simulation))
    experiment.features = PanelFeatures(columns: [.return(1), .body])
    return try await PanelViews(PanelFile(experiment: experiment, directory: "/"), seed: 1, observer: SilentObserver()).denoised
  }

  @Test func rowsFollowEachOtherAndTheirFirstDaysAreThereForStatesAlone() async throws {
    let data = try await Self.data()
    let rows = PanelRows(data: data, days: PanelDays(count: 7, warmUp: 3))
    let wanted = 50..<61
    #expect(rows.count(wanted) == 3)
    let made = try rows.rows(wanted)
    let features = try #require(made["features"]), mask = try #require(made["mask"]), labels = try #require(made["labels"])
    #expect(features.shape == [3, 7, 3, 2] && mask.shape == [3, 7, 3])
    let (x, m, y) = (features.values(as: Float.self), mask.values(as: Float.self), labels.values(as: Float.self))
    for row in 0..<3 {
      for step in 0..<7 {
        let day = 50 + row * 4 - 3 + step
        for symbol in 0..<3 {
          let (cell, place) = ((row * 7 + step) * 3 + symbol, day * 3 + symbol)
          let isThere = day < 61 && data.mask[place]
          #expect(m[cell] == (isThere ? 1 : 0))
          for column in 0..<2 { #expect(x[cell * 2 + column] == (day < 61 ? data.features[place * 2 + column] : 0)) }
          if step >= 3, isThere { #expect(y[cell].bitPattern == data.labels[place].bitPattern) } else { #expect(y[cell].isNaN) }
        }
      }
    }
    // What is said of a cell comes back to its day.
    let back = rows.days((0..<63).map { Float($0) }, of: wanted, from: 0, count: 3)
    #expect(back.count == 33 && back[0] == 9 && back[12] == 21 + 9 && back[32] == 2 * 21 + 9 + 8)
  }

  @Test func aYearHasAllCandlesOfAMarketThatNeverCloses() async throws {
    #expect(try await Self.data().daysPerYear == 365 * 288)
  }

  @Test func daysBeforeThePanelAreEmpty() async throws {
    let made = try await PanelRows(data: Self.data(), days: PanelDays(count: 5, warmUp: 4)).rows(0..<2)
    #expect(try #require(made["mask"]).values(as: Float.self).prefix(12).allSatisfy { $0 == 0 })
  }

  @Test func theTeacherIsTheSmallestSizeWithinAStandardErrorOfTheBest() throws {
    func choose(_ means: [Double]) throws -> String? {
      try PanelChoice.teacher(of: means.enumerated().map { ("size-\($0)", DailyFigures([$1 - 0.1, $1 + 0.1, $1 - 0.1, $1 + 0.1])) })
    }
    // The deviation of four days is 0.115, the error of their mean 0.058.
    #expect(try choose([0.1, 0.15, 0.2, 0.18]) == "size-1")
    #expect(try choose([0.15, 0.1, 0.2, 0.18]) == "size-0")
    #expect(try choose([0.1, 0.1, 0.1, 0.2]) == "size-3")
    #expect(try choose([]) == nil)
  }
}
