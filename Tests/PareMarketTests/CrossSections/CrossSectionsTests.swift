import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct CrossSectionsTests {
  private func dataset(
    _ series: [CandleSeries], window: Int = 1, kind: LabelDefinition.Kind = .direction, horizon: Int = 3
  ) throws -> MarketDataset {
    try MarketDataset(
      series: series,
      schema: FeatureSchema(interval: .oneDay, features: [.return(1), .return(5), .volatility(10)], window: window),
      label: LabelDefinition(kind, horizon: horizon))
  }

  private func panel(seed: UInt64 = 4) throws -> [CandleSeries] {
    try DailyPanel.series(["A", "B", "C"], sessions: 260, seed: seed, missing: ["B": Set(0..<40), "C": [60, 61, 200]])
  }

  @Test(arguments: [1, 4], DatasetPart.allCases)
  func everyRowHasItsCell(window: Int, part: DatasetPart) throws {
    let data = try dataset(panel(), window: window)
    let sections = try data.crossSections(of: part)
    #expect(sections.symbols == ["A", "B", "C"])
    #expect(sections.shape == [sections.timeCount, 3] + (window == 1 ? [3] : [4, 3]))
    #expect(zip(sections.times, sections.times.dropFirst()).allSatisfy { $0 < $1 })
    var seen = 0
    for row in data.parts[part] {
      let time = try #require(sections.times.firstIndex(of: data.times[row]))
      let cell = time * 3 + Int(data.symbolIDs[row])
      #expect(sections.mask[cell] && sections.labels[cell] == data.labels[row])
      let (found, expected) = (sections.forwardReturns[cell], data.forwardReturns[row])
      #expect(found == expected || (found.isNaN && expected.isNaN))
      let width = data.width
      #expect(sections.features[cell * width..<(cell + 1) * width] == data.features[row * width..<(row + 1) * width])
      seen += 1
    }
    #expect(sections.mask.count { $0 } == seen)
    for cell in sections.mask.indices where !sections.mask[cell] {
      #expect(sections.labels[cell] == -1 && sections.forwardReturns[cell].isNaN)
      #expect(sections.features[cell * data.width..<(cell + 1) * data.width].allSatisfy { $0 == 0 })
    }
    #expect(part != .train || sections.mask.contains(false))
    #expect(sections.features(at: 1).count == 3 * data.width)
  }

  @Test func scoresFindTheWayBack() throws {
    let data = try dataset(panel())
    let sections = try data.crossSections(of: .train)
    // A score that names its cell: time and symbol.
    let scores = (0..<sections.timeCount * 3).flatMap { [Float($0 / 3), Float($0 % 3)] }
    let rows = try sections.rows(of: scores, width: 2)
    #expect(rows.count == data.parts.train.count * 2)
    for (place, row) in data.parts.train.enumerated() {
      #expect(sections.times[Int(rows[2 * place])] == data.times[row] && rows[2 * place + 1] == Float(data.symbolIDs[row]))
    }
    #expect(try marketError { _ = try sections.rows(of: scores, width: 3) }.code == "market.cross-section")
    // Any run of rows, here one that cuts a time in two.
    let some = try CrossSections(of: data, rows: 101..<160)
    #expect(some.rows == 101..<160 && some.mask.count { $0 } == 59)
  }

  @Test func oneSymbolAloneIsNoCrossSection() throws {
    let series = try panel()
    let alone = try dataset([series[0]])
    #expect(try marketError { _ = try alone.crossSections(of: .train) }.code == "market.cross-section")
    // Two symbols that never trade at one time.
    let apart = try DailyPanel.series(["A", "B"], sessions: 260, seed: 1, missing: ["A": Set(130..<260), "B": Set(0..<130)])
    let data = try dataset(apart)
    #expect(try marketError { _ = try CrossSections(of: data, rows: 0..<data.rowCount) }.code == "market.cross-section")
    #expect(
      try marketError { _ = try dataset([series[0]], kind: .crossSectionRank(share: 0.3)) }.code == "market.cross-section")
  }

  @Test func changingTheFutureLeavesPastCrossSectionsBitIdentical() throws {
    let series = try panel()
    let one = try dataset(series).crossSections(of: .train)
    let data = try dataset(series)
    // Everything from the very next session on: labels near the end change, features do not.
    let after = try dataset(series.map { $0.disturbed(after: data.lastTrainingTime) }).crossSections(of: .train)
    #expect(after.features == one.features && after.mask == one.mask && after.times == one.times)
    #expect(after.labels != one.labels)
    let known = (one.timeCount - 4) * 3
    #expect(after.labels.prefix(known) == one.labels.prefix(known))
  }

  @Test func ranksAreOfTheSameDate() throws {
    let symbols = (0..<7).map { "S\($0)" }
    let series = try DailyPanel.series(symbols, sessions: 160, seed: 12, missing: ["S3": [70, 90, 110]])
    let kind = LabelDefinition.Kind.crossSectionRank(share: 0.3)
    let data = try dataset(series, kind: kind)
    let sections = try CrossSections(of: data, rows: 0..<data.rowCount)
    var labelled = 0
    for time in 0..<sections.timeCount {
      let cells = (time * 7..<time * 7 + 7).filter { !sections.forwardReturns[$0].isNaN }
      let ranked = cells.sorted { sections.forwardReturns[$0] < sections.forwardReturns[$1] }
      // ⌊0.3 · 7⌋ = 2 of seven, 1 of six.
      let count = cells.count == 7 ? 2 : 1
      for (rank, cell) in ranked.enumerated() {
        #expect(sections.labels[cell] == (rank < count ? 0 : rank >= ranked.count - count ? 2 : 1))
        labelled += 1
      }
      for cell in time * 7..<time * 7 + 7 where sections.forwardReturns[cell].isNaN { #expect(sections.labels[cell] == -1) }
    }
    #expect(labelled > 900 && data.labelled(.train).labels.contains(0))
    #expect(throws: MarketError.self) { try LabelDefinition(.crossSectionRank(share: 0.6), horizon: 1) }
    #expect(throws: MarketError.self) { try LabelDefinition(.crossSectionRank(share: 0), horizon: 1) }
    #expect(throws: MarketError.self) { try LabelDefinition(.crossSectionRank(share: .nan), horizon: 1) }
    let label = try LabelDefinition(kind, horizon: 3)
    #expect(label.classNames == ["sell", "hold", "buy"] && label.classIndex(of: 0.1) == nil)
    let coded = try JSONEncoder().encode(label)
    #expect(try JSONDecoder().decode(LabelDefinition.self, from: coded) == label)
  }
}
