import Foundation
import PareMarket
import Testing

@Suite struct StoreImportTests {
  private let folder: TemporaryFolder
  private let store: CandleStore
  private let file: String
  private let candles = SampleCandles.make(1_000)

  init() throws {
    folder = try TemporaryFolder()
    store = try CandleStore(path: folder.path("candles.sqlite"))
    file = folder.path("candles.csv.gz")
    try CandleCSV.write(CandleSeries(key: .sample, candles: candles), to: file)
  }

  private struct Stop: Error {}

  private func importFile(batch: Int, progress: (Int, Int) throws -> Void = { _, _ in }) throws -> ImportSummary {
    try store.importCSV(path: file, symbol: "BTCUSDT", venue: "bybit/linear", batch: batch, progress: progress)
  }

  @Test func anImportIsIdempotent() throws {
    let first = try importFile(batch: 300)
    #expect(first.key == .sample)
    #expect(first.counts == UpsertCounts(inserted: 1_000))
    #expect(try importFile(batch: 300).counts == UpsertCounts(unchanged: 1_000))
    #expect(try store.candles(of: .sample).candles == candles)
    #expect(try store.provenance(of: .sample)?.sources.map(\.name) == [file])
  }

  @Test func anInterruptedImportKeepsWholeBatchesAndIsCompletedByTheNext() throws {
    #expect(throws: Stop.self) {
      try importFile(batch: 100) { done, _ in if done == 400 { throw Stop() } }
    }
    #expect(try store.candles(of: .sample).candles == Array(candles[..<400]))
    #expect(try importFile(batch: 100).counts == UpsertCounts(inserted: 600, unchanged: 400))
  }

  /// The files as they are on disk at a moment are what a process that is killed then leaves behind.
  @Test func whatAKilledImportLeavesHoldsEveryCommittedRowAndNoOther() throws {
    var snapshots = 0
    _ = try importFile(batch: 100) { done, _ in
      let name = "killed-\(done).sqlite"
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: store.path + suffix, toPath: folder.path(name + suffix))
      }
      if done == 500 {  // and one that was killed while it wrote the next batch: its last page is torn
        let wal = try folder.bytes(name + "-wal")
        _ = try folder.file(name + "-wal", wal + wal.suffix(4_000))
      }
      let left = try CandleStore(path: folder.path(name), mustExist: true)
      #expect(try left.candles(of: .sample).candles == Array(candles[..<done]))
      snapshots += 1
    }
    #expect(snapshots == 10)
  }

  @Test func aFileWithABadRowLeavesTheStoreAsItWas() throws {
    let bad = try folder.file(
      "bad.csv", "1704067200000,10,12,9.5,11,3\n1704067500000,10,12,9.5,11,3\n1704067800000,10,1,9.5,11,3\n")
    let error = try marketError { _ = try store.importCSV(path: bad, symbol: "X") }
    #expect(error.subject == bad + ":3")
    #expect(try store.keys().isEmpty)
    let skipped = try store.importCSV(path: bad, symbol: "X", policy: .skip)
    #expect(skipped.counts.inserted == 2 && skipped.report.badRows.count == 1)
  }
}
