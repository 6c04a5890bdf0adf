import Foundation
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// Experiments on simulated order books.
@Suite struct BookExperimentTests {
  private static let file = """
    name: books
    data: {simulated-books: {snapshots: 3000, levels: 3, price: 20000, stay: 0.9, reading: 0.4}}
    label: {kind: buy-hold-sell, horizon: 5, threshold-bp: 0}
    costs: {fee-bp: 0, half-spread-bp: 1, slippage-bp: 0}
    features: {book: {levels: 3, columns: ["imbalance(1)", "imbalance(8)", "move(8)"]}}
    teacher:
      model: {deeplob: {channels: 2, hidden: 4}}
      features: {book: {levels: 2, window: 12, price: {trailing-deviation: 20}}}
      training: {epochs: 2, batch-size: 256, learning-rate: 3e-3, patience: 3}
      rows: 600
    candidates:
      - name: student
        steps:
          - technique: distillation
            student: {mlp: {hidden: [6]}}
            temperature: 2
            hard-weight: 0.9
            training: {epochs: 40, batch-size: 256, learning-rate: 3e-3, patience: 40}
      - {name: student-int8, from: student, steps: [{technique: quantization, precision: int8}]}
    latency-decisions: 1000
    """

  private func experiment(_ text: String = Self.file) throws -> Experiment { try StrictYAML.decode(text, source: "books.yaml") }

  @Test func whatIsWrittenIsRead() throws {
    for features in [
      "{book: {}}", "{book: {levels: 3, window: 20, reference: own-mid, price: {ticks: 0.01}, quantity: {trailing-mean: 30}}}",
      "{book: {columns: [\"best-imbalance(2)\"], window: 4}, normalizer: robust}",
    ] {
      let choice: FeatureChoice = try StrictYAML.decode(features, source: "x")
      #expect(try StrictYAML.decode(try StrictYAML.encode(choice), source: "x") == choice)
    }
    let standard: FeatureChoice = try StrictYAML.decode("{book: {quantity: log}}", source: "x")
    #expect(standard.book?.inputs.rowShape == [100, 40])
    let own = try experiment()
    #expect(try experiment(try StrictYAML.encode(own)) == own)
    guard case .simulatedBooks(let source) = own.data else {
      Issue.record("another source: \(own.data)")
      return
    }
    #expect(source.simulation.snapshots == 3_000 && source.simulation.noise == PressureBookSimulation().noise)
    let empty: DataSource = try StrictYAML.decode("{simulated-books: null}", source: "x")
    #expect(empty == .simulatedBooks(SimulatedBookSource()))
  }

  @Test func whatDoesNotFitIsOneClearError() throws {
    let books = "{simulated-books: {snapshots: 3000, levels: 3, price: 20000, stay: 0.9, reading: 0.4}}"
    let swaps: [(from: String, to: String, place: String)] = [
      ("{book: {levels: 3, columns: [\"imbalance(1)\", \"imbalance(8)\", \"move(8)\"]}}", "{window: 4}", "features.book"),
      ("features: {book: {levels: 3, columns", "features: {book: {levels: 4, columns", "features.book.levels"),
      ("{book: {levels: 2, window: 12, price: {trailing-deviation: 20}}}", "{window: 12}", "teacher.features.book"),
      ("levels: 2, window: 12", "levels: 9, window: 12", "teacher.features.book.levels"),
      ("levels: 2, window: 12", "levels: 2, window: 0", "teacher.features.book.window"),
      ("price: {trailing-deviation: 20}", "price: {ticks: -1}", "teacher.features.book.price.ticks"),
      ("price: {trailing-deviation: 20}", "quantity: sqrt", "teacher.features.book.quantity"),
      ("price: {trailing-deviation: 20}", "reference: mid", "teacher.features.book.reference"),
      ("imbalance(8)", "imbalanse(8)", "features.book.columns"),
      ("imbalance(8)", "imbalance(0)", "features.book.columns.imbalance(0)"),
      ("levels: 3, columns", "price: {ticks: 1}, columns", "features.book.price"),
      ("features: {book: {levels: 3,", "features: {window: 3, book: {levels: 3,", "features.window"),
      (books, "{simulation: {horizon: 5, symbols: 1}}", "features.book"),
      ("reading: 0.4", "reading: 9", "data.simulated-books.reading"),
      ("reading: 0.4", "horizon: 5", "data.simulated-books.horizon"),
      ("kind: buy-hold-sell, horizon: 5, threshold-bp: 0", "kind: direction, horizon: 5", "label.kind"),
      ("name: books", "name: books\nactions: splits.csv", "actions"),
      (books, "{portfolio: [{simulated-books: {}}]}", "data.portfolio[0]"),
      (books, "{books: b.csv, symbol: B, interval: \"5\"}", "data.interval"),
    ]
    for swap in swaps {
      let text = Self.file.replacingOccurrences(of: swap.from, with: swap.to)
      #expect(text != Self.file)
      do {
        _ = try experiment(text)
        Issue.record("\(swap.to) was taken")
      } catch let error as any PareError {
        #expect(error.subject == "books.yaml: \(swap.place)" || error.subject == swap.place, "\(swap.to): \(error)")
      }
    }
  }

  @Test func aRunGoesFromBooksToAReport() async throws {
    let folder = try ScratchFolder()
    let results = try await Small.run(try experiment(), in: folder)
    let truth = try #require(results.truth)
    #expect(truth.test.bayesSkill > 0.05 && truth.test.bayesSkill < truth.test.oracleSkill)
    let student = try #require(results.candidates.first { $0.name == "student" })
    #expect(student.test.skill > 0.3 * truth.test.bayesSkill && student.test.skill <= truth.test.bayesSkill + 1e-9)
    #expect(results.candidates.map(\.name).contains("student-int8"))
    #expect(results.data.source.hasPrefix("simulated order books") && results.data.interval == "1m")
    #expect(results.leaks.first { $0.name == "features" }?.outcome == .passed)
    // A tick is half a basis point: half of the spread a quarter, whatever the costs say beside 0.
    let money = student.test.money.metrics
    #expect(money.trades > 0)
    let perSide = (money.grossReturn - money.netReturn) / money.tradedNotional * 10_000
    #expect(abs(perSide - 0.25) < 0.01, "\(perSide)")
    for name in ["report.html", "artifacts/teacher.pare", "artifacts/student-int8.pare"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("run/\(name)")))
    }
    let model = try ModelFile.read(folder.file("run/artifacts/teacher.pare"))
    #expect(model.sections["features"]?.contains("\"book\"") == true)
  }

  /// Snapshots of three levels as a file has them, from 2024-08-08 23:54 on.
  private static func csv(_ books: BookSnapshots) -> String {
    let columns = [books.bidPrices, books.bidQuantities, books.askPrices, books.askQuantities]
    var lines = ["ts_us"]
    for name in ["bid_px", "bid_qty", "ask_px", "ask_qty"] {
      for level in 1...3 { lines[0] += ",\(name)_\(level)" }
    }
    for snapshot in 0..<books.count {
      var line = "\(books.times[snapshot] + 1_723_161_256_000_000)"
      for column in columns {
        for level in 0..<3 { line += ",\(column[3 * snapshot + level])" }
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  @Test func booksOfAFileAreSeenAsThoseOfTheSimulator() async throws {
    let folder = try ScratchFolder()
    var experiment = try experiment()
    guard case .simulatedBooks(let source) = experiment.data else { return }
    let books = try source.simulation.run(seed: 1).snapshots
    _ = try folder.write(Self.csv(books), to: "books.csv")
    experiment.candidates = []
    let simulated = try await Small.run(experiment, in: folder, as: "simulated")
    experiment.data = try StrictYAML.decode("{books: books.csv, symbol: BTCUSDT}", source: "x")
    #expect(try StrictYAML.decode(try StrictYAML.encode(experiment), source: "x") == experiment)
    let read = try await Small.run(experiment, in: folder, as: "read")
    #expect(read.truth == nil && read.data.symbols == ["BTCUSDT"] && read.data.source.hasPrefix("file books.csv"))
    #expect(read.data.rows == simulated.data.rows && read.data.test.first.hasPrefix("2024-08-10"))
    // The same rows and labels, so that the same network was learned.
    #expect(read.candidates[0].test.scores.logLoss == simulated.candidates[0].test.scores.logLoss)
    experiment.features = FeatureChoice()
    #expect(throws: CompressionError.self) { try self.experiment(try StrictYAML.encode(experiment)) }
  }

  @Test func windowsOfTimeHaveTheirOwnBooksAndTruth() async throws {
    var experiment = try experiment()
    experiment.walkForward = try StrictYAML.decode("{kind: rolling, windows: 2}", source: "x")
    experiment.candidates = []
    let results = try await Small.run(experiment, in: try ScratchFolder())
    let windows = try #require(results.walkForward?.windows)
    #expect(windows.count == 2 && windows.allSatisfy { $0.candidates[0].test.skill.isFinite })
  }
}
