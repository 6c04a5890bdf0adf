import Foundation
import PareMarket
import PareTensor
import Testing

/// Rows that hold the columns of every symbol.
@Suite struct CrossSectionRowsTests {
  private static let features: [Feature] = [.return(1), .return(5)]

  private func dataset(_ series: [CandleSeries], window: Int = 1) throws -> MarketDataset {
    try MarketDataset(
      series: series, schema: FeatureSchema(interval: .oneDay, features: Self.features, window: window),
      label: LabelDefinition(.direction, horizon: 3))
  }

  private func panel() throws -> [CandleSeries] {
    try DailyPanel.series(["A", "B", "C"], sessions: 260, seed: 4, missing: ["B": Set(0..<40), "C": [60, 61, 200]])
  }

  @Test(arguments: [1, 4]) func aRowHoldsEverySymbolAndWhoseItIs(window: Int) throws {
    let plain = try dataset(panel(), window: window)
    let wide = try plain.seeingTheCrossSection()
    let layout = try #require(wide.crossSection)
    #expect(layout.width == 12 && wide.rowShape == (window == 1 ? [12] : [4, 12]) && wide.width == 12 * window)
    #expect(
      layout.names == ["A:return(1)", "A:return(5)", "A:present", "B:return(1)", "B:return(5)", "B:present"]
        + ["C:return(1)", "C:return(5)", "C:present", "symbol:A", "symbol:B", "symbol:C"])
    #expect(wide.columns.count == wide.width && (window == 1 || wide.columns[0] == "A:return(1)@3"))
    #expect(wide.times == plain.times && wide.labels == plain.labels && wide.parts == plain.parts && wide.digest == plain.digest)
    var absences = 0
    for row in 0..<plain.rowCount {
      let others = (0..<plain.rowCount).filter { plain.times[$0] == plain.times[row] }
      for step in 0..<window {
        let found = Array(wide.features[row * wide.width + step * 12..<row * wide.width + (step + 1) * 12])
        for symbol in 0..<3 {
          let place = layout.place(symbol: symbol, column: 0)
          guard let other = others.first(where: { plain.symbolIDs[$0] == Int32(symbol) }) else {
            #expect(found[place..<place + 3] == [0, 0, 0])
            absences += 1
            continue
          }
          let start = other * plain.width + step * 2
          #expect(Array(found[place..<place + 3]) == Array(plain.features[start..<start + 2]) + [1])
        }
        #expect(found.suffix(3) == (0..<3).map { plain.symbolIDs[row] == $0 ? 1 : 0 })
      }
    }
    #expect(absences > 50)
  }

  @Test func changingTheFutureLeavesPastRowsBitIdentical() throws {
    let series = try panel()
    let one = try dataset(series).seeingTheCrossSection()
    let end = one.times.indices[one.parts.train.upperBound]
    let after = try dataset(series.map { $0.disturbed(after: one.times[end - 1]) }).seeingTheCrossSection()
    let known = 0..<end * one.width
    #expect(one.features[known].map(\.bitPattern) == after.features[known].map(\.bitPattern))
    #expect(one.features != after.features)
  }

  @Test func aNormalizerKnowsAbsenceAndLeavesFlagsAlone() throws {
    let wide = try dataset(panel()).seeingTheCrossSection()
    let layout = try #require(wide.crossSection)
    let rows = wide.labelled(.train).features
    for kind in NormalizerKind.allCases {
      let normalizer = try wide.normalizer(kind)
      for place in layout.names.indices where layout.names[place].contains("present") || layout.names[place].hasPrefix("symbol") {
        #expect(normalizer.offset[place] == 0 && normalizer.scale[place] == 1)
      }
      // B's columns by the rows in which B is there, and by no zero.
      let place = layout.place(symbol: 1, column: 0)
      let own = stride(from: 0, to: rows.count, by: 12).filter { rows[$0 + place + 2] == 1 }
        .flatMap { rows[$0 + place..<$0 + place + 2] }
      #expect(own.count < rows.count / 6)
      let expected = try Normalizer.fit(kind, to: own, names: ["x", "y"])
      #expect(Array(normalizer.offset[place..<place + 2]) == expected.offset && Array(normalizer.scale[place..<place + 2]) == expected.scale)
      #expect(normalizer.lower == expected.lower && normalizer.upper == expected.upper)
    }
  }

  @Test func oneSymbolAndRowsThatAreWideAlreadyAreRefused() throws {
    let series = try panel()
    let alone = try marketError { _ = try dataset([series[0]]).seeingTheCrossSection() }
    #expect(alone.code == "market.cross-section")
    #expect("\(alone)".contains("features.cross-section: expected data of two symbols or more, found 1"))
    #expect(try marketError { _ = try dataset(series).seeingTheCrossSection().seeingTheCrossSection() }.code == "market.cross-section")
  }
}
