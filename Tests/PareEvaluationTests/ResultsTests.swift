import Foundation
import PareEvaluation
import PareTensor
import Testing

@Suite struct ResultsTests {
  /// Results with every figure that can be undefined left so.
  private func bare(_ candidates: [CandidateResult] = []) -> Results {
    let part = DataSummary.Part(rows: 1, first: "2024-01-01 00:00", last: "2024-01-02 00:00")
    return Results(
      experiment: "bare", seed: .max,
      data: DataSummary(
        source: "file", digest: "0", symbols: ["X"], interval: "5m", candles: 3, missingCandles: 0, features: ["return_1"],
        classes: ["down", "up"], horizon: 1, rows: 3, train: part, validation: part, test: part,
        clipped: ["train": 0, "one_day_later": 0.1]),
      configuration: "name: bare\n", candidates: candidates, baselines: [], truth: nil, objectives: ["net-return"],
      budget: Budget(), decision: Decision(chosen: nil, reason: "None.", hypervolume: 0))
  }

  @Test func whatIsUndefinedIsWrittenAsNull() throws {
    let json = try bare([Small.candidate("a", sharpe: nil)]).json()
    for key in ["chosen", "truth", "tier", "latency_ns", "memory_bytes", "break_even_bp", "sharpe", "sortino", "hit_rate"] {
      #expect(json.contains("\"\(key)\" : null"), "\(key)")
    }
  }

  @Test func whatIsWrittenReadsBackAsItWas() throws {
    var candidate = Small.candidate("a", netReturn: 0.1, sharpe: nil, logLoss: .leastNonzeroMagnitude)
    candidate.equity = [EquityPoint(time: .max, net: -0.1, gross: 1.0 / 3)]
    for results in [bare(), bare([candidate])] {
      for pretty in [true, false] {
        let read = try Results(json: results.json(pretty: pretty))
        #expect(try read.json() == results.json())
        #expect(read.seed == .max && read.candidates.first?.validation == results.candidates.first?.validation)
        #expect(read.data.clipped == results.data.clipped)
      }
    }
  }

  @Test func figuresThatNoJSONCanHoldAreRefusedAndNotRounded() {
    #expect(throws: (any Error).self) { try bare([Small.candidate("a", logLoss: .infinity)]).json() }
  }

  @Test func recordedLatenciesSayWhatTheyLack() throws {
    let folder = try ScratchFolder()
    func error(_ text: String?) -> (any PareError)? {
      do {
        if let text { _ = try folder.write(text, to: "results.json") }
        _ = try RecordedLatencies(path: folder.file(text == nil ? "none.json" : "results.json"))
        return nil
      } catch { return error as? any PareError }
    }
    #expect(error(nil)?.category == .noInput)
    #expect(error("")?.category == .badData)
    #expect(error("{}")?.category == .badData)
    #expect(error("[1, 2]")?.description.contains("results.json") == true)
    #expect(try error(bare().json()) == nil)
  }
}
