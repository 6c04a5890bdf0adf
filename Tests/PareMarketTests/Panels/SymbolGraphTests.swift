import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct SymbolGraphTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func groupsWeighByWhatIsShared() throws {
    let groups = SymbolGroups([("A", "x"), ("A", "y"), ("B", "x"), ("B", "y"), ("C", "y"), ("D", "z")].map { ($0.0, $0.1) })
    let graph = try SymbolGraph.groups(groups, ["A", "B", "C", "D"])
    #expect(graph.weights == [0, 2, 1, 0, 2, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    #expect(graph.isSymmetric && graph.sources(of: 0) == [1, 2] && graph.sources(of: 3).isEmpty)
    #expect(try marketError { _ = try SymbolGraph.groups(groups, ["A", "E"]) }.code == "market.graph-symbol")
    #expect(try SymbolGraph.groups(groups, ["A", "E"], policy: .skip).weights == [0, 0, 0, 0])
    #expect(try marketError { _ = try SymbolGraph.groups(groups, ["A"]) }.code == "market.graph-symbols")
    #expect(try marketError { _ = try SymbolGraph.full(["A", "A"]) }.code == "market.graph-symbols")
    #expect(try SymbolGraph.full(["A", "B", "C"]).weights == [0, 1, 1, 1, 0, 1, 1, 1, 0])
  }

  @Test func normalizationIsThatOfTheFormula() throws {
    let path = try SymbolGraph(symbols: ["A", "B", "C"], weights: [0, 1, 0, 1, 0, 1, 0, 1, 0])
    let looped = path.withSelfLoops()
    #expect(looped.weights == [1, 1, 0, 1, 1, 1, 0, 1, 1])
    // Degrees 2, 3, 2.
    let symmetric = try looped.normalizedSymmetrically()
    let root = Float(1 / 6.0.squareRoot())
    let wanted: [Float] = [0.5, root, 0, root, 1 / 3, root, 0, root, 0.5]
    for (found, expected) in zip(symmetric.weights, wanted) {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(symmetric.isSymmetric)
    #expect(path.normalizedByRow().weights == [0, 1, 0, 0.5, 0, 0.5, 0, 1, 0])
    // Signs stay, magnitudes add up; one who hears nobody keeps zeros.
    let signed = try SymbolGraph(symbols: ["A", "B", "C"], weights: [0, -3, 1, 0, 0, 0, 2, 0, 0])
    #expect(signed.normalizedByRow().weights == [0, -0.75, 0.25, 0, 0, 0, 1, 0, 0])
    #expect(throws: MarketError.self) { try signed.normalizedSymmetrically() }
    #expect(looped.withSelfLoops(0) == path)
    #expect(throws: MarketError.self) { try SymbolGraph(symbols: ["A", "B"], weights: [0, .nan, 1, 0]) }
    #expect(throws: MarketError.self) { try SymbolGraph(symbols: ["A", "B"], weights: [0, 1, 1]) }
  }

  @Test func onlyTheStrongestAreKept() throws {
    let graph = try SymbolGraph(
      symbols: ["A", "B", "C", "D"], weights: [9, 3, -4, 1, 3, 0, 2, 0, -4, 2, 0, 0.5, 1, 0, 0.5, 0])
    let one = graph.keeping(strongest: 1, symmetric: false)
    #expect(one.weights == [9, 0, -4, 0, 3, 0, 0, 0, -4, 0, 0, 0, 1, 0, 0, 0])
    #expect(graph.keeping(strongest: 1).weights == [9, 3, -4, 1, 3, 0, 0, 0, -4, 0, 0, 0, 1, 0, 0, 0])
    #expect(graph.keeping(strongest: 3) == graph)
    #expect(graph.keeping(atLeast: 2).weights == [9, 3, -4, 0, 3, 0, 2, 0, -4, 2, 0, 0, 0, 0, 0, 0])
    // Of equals the earlier.
    #expect(try SymbolGraph.full(["A", "B", "C"]).keeping(strongest: 1, symmetric: false).weights == [0, 1, 0, 1, 0, 0, 1, 0, 0])
  }

  @Test func aFileNamesItsEdges() throws {
    let path = try folder.file("edges.csv", "target,weight,source\nB,0.5,A\nA,-2,C\n")
    #expect(try SymbolGraph.read(path: path, ["A", "B", "C"]).weights == [0, 0, -2, 0.5, 0, 0, 0, 0, 0])
    #expect(try SymbolGraph.read(path: path, ["A", "B", "C"], bothWays: true).weights == [0, 0.5, -2, 0.5, 0, 0, -2, 0, 0])
    #expect(try SymbolGraph.read(path: path, ["A", "B"], policy: .skip).weights == [0, 0, 0.5, 0])
    #expect(try marketError { _ = try SymbolGraph.read(path: path, ["A", "B"]) }.subject.hasSuffix(":3"))
    let bare = try folder.file("bare.csv", "source,target\nA,B\n")
    #expect(try SymbolGraph.read(path: bare, ["A", "B"]).weights == [0, 0, 1, 0])
    for (text, code) in [
      ("source,target\nA,A\n", "graph-edge"), ("source,target\nA,B\nA,B\n", "graph-edge"),
      ("source,target,weight\nA,B,0\n", "graph-edge"), ("source,target,weight\nA,B,inf\n", "graph-edge"),
      ("source,target,weight\nA,B,x\n", "graph-edge"), ("source,weight\nA,1\n", "graph-columns"),
      ("source,target\nA\n", "graph-columns"), ("source,target\nA,Z\n", "graph-symbol"), ("source,target\n", "graph-rows"),
    ] {
      let path = try folder.file("bad.csv", text)
      let error = try marketError { _ = try SymbolGraph.read(path: path, ["A", "B"]) }
      #expect(error.code == "market." + code, "\(text): \(error)")
    }
    #expect(try marketError { _ = try SymbolGraph.read(path: bare, ["A"]) }.code == "market.graph-symbols")
  }

  @Test func correlationIsPearsons() throws {
    // Returns of B are those of A doubled, those of C mirrored; D stands still; E begins too late.
    let dates = DailyPanel.weekdays(7)
    let calendar = try SessionCalendar(dates: dates)
    let returns = [0.01, -0.02, 0.03, 0.01, -0.01, 0.02]
    func series(_ symbol: String, _ scale: Double, from first: Int = 0) -> CandleSeries {
      var price = 100.0
      let closes = [price] + returns.map { price *= 1 + scale * $0; return price }
      let candles = dates.indices.dropFirst(first).map {
        Candle(start: dates[$0].midnight, open: closes[$0], high: closes[$0], low: closes[$0], close: closes[$0], volume: 1)
      }
      return CandleSeries(key: SeriesKey(symbol: symbol, interval: .oneDay), candles: candles, calendar: calendar)
    }
    let panel = try ReturnPanel(
      of: [series("A", 1), series("B", 2), series("C", -1), series("D", 0), series("E", 1, from: 4)])
    #expect(panel.times.count == 7 && panel.returns[0].isNaN && abs(panel.returns[5] - 0.01) < 1e-12)
    let graph = try SymbolGraph.correlation(of: panel, at: panel.times[6], least: 4)
    let expected: [Float] = [0, 1, -1, 0, 0, 1, 0, -1, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    for (found, expected) in zip(graph.weights, expected) { #expect(abs(found - expected) < 1e-6) }
    // By hand, over the newest three of the first five rows: returns −0.02, 0.03, 0.01 against themselves.
    #expect(try SymbolGraph.correlation(of: panel, at: panel.times[4], window: 3, least: 3)[0, 1] == 1)
    #expect(throws: MarketError.self) { try SymbolGraph.correlation(of: panel, at: panel.times[6], least: 20) }
    #expect(throws: MarketError.self) { try SymbolGraph.correlation(of: panel, at: panel.times[6], window: 3, least: 4) }
    #expect(throws: MarketError.self) { try SymbolGraph.correlation(of: panel, at: panel.times[6], least: 2) }
    let alone = try ReturnPanel(of: [series("A", 1)])
    #expect(try marketError { _ = try SymbolGraph.correlation(of: alone, at: .max, least: 3) }.code == "market.graph-symbols")
  }

  @Test func changingTheFutureLeavesPastEdgesBitIdentical() throws {
    let series = try DailyPanel.series(["A", "B", "C"], sessions: 120, seed: 8, missing: ["B": [50, 70]])
    let panel = try ReturnPanel(of: series)
    for session in stride(from: 30, to: 80, by: 7) {
      let time = panel.times[session]
      // Everything from the very next session on.
      let changed = try ReturnPanel(of: series.map { $0.disturbed(after: time) })
      for window in [nil, 25] {
        #expect(
          try SymbolGraph.correlation(of: panel, at: time, window: window)
            == SymbolGraph.correlation(of: changed, at: time, window: window))
      }
    }
    let time = panel.times[110]
    let changed = try ReturnPanel(of: series.map { $0.disturbed(after: panel.times[109]) })
    #expect(try SymbolGraph.correlation(of: panel, at: time) != SymbolGraph.correlation(of: changed, at: time))
    // And with a window, changing what lies before it.
    let shorter = try ReturnPanel(of: series.map { CandleSeries(key: $0.key, candles: Array($0.candles[20...]), calendar: $0.calendar) })
    #expect(
      try SymbolGraph.correlation(of: panel, at: time, window: 60) == SymbolGraph.correlation(of: shorter, at: time, window: 60))
    // At the close of a candle its own return counts, a millisecond before it does not.
    #expect(panel.known(at: time) == panel.known(at: time - 1) + 1)
  }
}
