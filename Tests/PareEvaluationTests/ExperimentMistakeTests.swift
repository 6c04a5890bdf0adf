import Foundation
import PareCompression
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// Every key of an experiment, made wrong one at a time.
@Suite struct ExperimentMistakeTests {
  /// Experiments that together have every key.
  private static let experiments: [Experiment] = {
    let span = BybitSpan(
      symbol: "B", category: .spot, interval: .oneHour, from: "2024-01-01", to: "2024-02-01", store: "s.sqlite")
    var simulation = MarketSimulation()
    simulation.leadLag = [LeadLagEdge(leader: "SIM-B", follower: "SIM-A")]
    simulation.signalBreak = SignalBreak(candle: 100)
    let sources: [DataSource] = [
      .csv(path: "x.csv", symbol: "B", interval: .fiveMinutes, badRows: .skip), .simulation(simulation), .bybit(span),
      .store(path: "s.sqlite", symbol: "B", interval: .oneDay),
    ]
    return sources.enumerated().map { index, source in
      var experiment = Small.experiment(source)
      experiment.features = FeatureChoice(columns: [.body, .return(3)], coarser: [.fifteenMinutes, .oneHour], window: 4)
      experiment.execution.hold = 3
      experiment.budget = Budget(tier: .swing, latencyNs: 5, memoryBytes: 10)
      experiment.threshold = [.coverage(0.2), .fixed(0.6), .tuned, .coverage(1)][index]
      return experiment
    }
  }()

  /// A place in a document.
  private struct Place {
    let path: String
    let value: Any
    /// The whole document with something else in this place.
    let replacing: (Any) -> Any
  }

  private func places(in value: Any, path: String = "", replacing: @escaping (Any) -> Any = { $0 }) -> [Place] {
    var found = [Place(path: path, value: value, replacing: replacing)]
    if let mapping = value as? [String: Any] {
      for (key, inner) in mapping {
        found += places(in: inner, path: path.isEmpty ? key : "\(path).\(key)") { replacement in
          replacing(mapping.merging([key: replacement]) { $1 })
        }
      }
    } else if let list = value as? [Any] {
      for (index, inner) in list.enumerated() {
        found += places(in: inner, path: "\(path)[\(index)]") { replacement in
          var copy = list
          copy[index] = replacement
          return replacing(copy)
        }
      }
    }
    return found
  }

  private func places(of experiment: Experiment) throws -> [Place] {
    places(in: try JSONSerialization.jsonObject(with: Data(StrictYAML.json(experiment).utf8)))
  }

  /// What reading a document says; nil where it is read.
  private func message(_ document: Any) throws -> String? {
    let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
    do {
      let _: Experiment = try StrictYAML.decode(text, source: "e.yaml")
      return nil
    } catch let error as any PareError {
      #expect(error.category == .badData, "\(error)")
      return error.description
    }
  }

  @Test(arguments: experiments) func whatIsWrittenReadsBackAsItWas(_ experiment: Experiment) throws {
    let read: Experiment = try StrictYAML.decode(try StrictYAML.encode(experiment))
    #expect(read == experiment)
  }

  @Test(arguments: experiments) func anUnknownKeyAnywhereIsNamedWithItsPath(_ experiment: Experiment) throws {
    for place in try places(of: experiment) {
      guard let mapping = place.value as? [String: Any] else { continue }
      let message = try message(place.replacing(mapping.merging(["zzz": 1]) { $1 }))
      let path = place.path.isEmpty ? "zzz" : place.path + ".zzz"
      #expect(message?.hasPrefix("e.yaml: \(path): ") == true, "\(path): \(message ?? "read")")
    }
  }

  @Test(arguments: experiments) func aValueOfTheWrongKindIsNamedWithItsPath(_ experiment: Experiment) throws {
    for place in try places(of: experiment) where !place.path.isEmpty {
      let wrong: [Any] = place.value is [String: Any] ? [[1], "zzz"] : place.value is [Any] ? [["zzz": 1], "zzz"] : [["zzz": 1], [1]]
      for value in wrong {
        let message = try message(place.replacing(value))
        #expect(message?.contains("e.yaml: ") == true && message?.contains(place.path) == true, "\(place.path) = \(value): \(message ?? "read")")
      }
    }
  }

  @Test(arguments: experiments) func aWordThatIsNoneIsNamedWithThoseThatAre(_ experiment: Experiment) throws {
    let free = ["name", "csv", "store", "symbol", "leader", "follower"]
    for place in try places(of: experiment) where place.value is String {
      let key = place.path.split(separator: ".").last.map(String.init) ?? ""
      guard !free.contains(key), !place.path.hasSuffix("bybit.store") else { continue }
      let message = try message(place.replacing("zzz"))
      #expect(message?.contains("e.yaml: \(place.path): expected ") == true, "\(place.path): \(message ?? "read")")
      #expect(message?.contains("found 'zzz'") == true, "\(message ?? "read")")
    }
  }

  @Test(arguments: [
    ("data: {csv: x, symbol: B, interval: 7}", "data.interval: expected one of 1, 3, 5"),
    ("data: {csv: x, symbol: B, bad-rows: skp}", "data.bad-rows: expected one of refuse, skip (nearest: 'skip'), found 'skp'"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: directon, horizon: 1}", "label.kind: expected one of direction, buy-hold-sell, triple-barrier, cross-section-rank (nearest: 'direction')"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: direction, horizon: 0}", "label.horizon: expected 1 to 10000 candles, found 0"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: direction, horizon: 1, threshold-bp: 4}", "label.threshold-bp"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: buy-hold-sell, horizon: 1, threshold-bp: 4, loss: 2}", "label.loss: expected none where the kind is"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: triple-barrier, horizon: 1, profit: 2}", "label: expected profit, loss and volatility-candles"),
    ("data: {csv: x, symbol: B}\nlabel: {kind: triple-barrier, horizon: 1, profit-bp: 0, loss-bp: 3}", "label.profit-bp: expected a positive number, found 0"),
    ("data: {csv: x, symbol: B}\nfeatures: {normalizer: zscore}", "(nearest: 'z-score')"),
    ("data: {csv: x, symbol: B}\nfeatures: {window: 0}", "features.window: expected 1 to 10000 candles, found 0"),
    ("data: {csv: x, symbol: B}\nfeatures: {columns: [body, retrun(1)]}", "features.columns[1]: expected one of body"),
    ("data: {csv: x, symbol: B}\nfeatures: {columns: [return(0)]}", "features.columns[0]: expected a window of 1 to"),
    ("data: {csv: x, symbol: B}\nobjectives: [net-return, byte]", "objectives[1]: expected one of net-return"),
    ("data: {csv: x, symbol: B}\nbudget: {tier: hft}", "budget.tier: expected one of high-frequency"),
    ("data: {csv: x, symbol: B}\nexecution: {calendar: daily}", "execution.calendar: expected every-day, sessions, or a mapping"),
    ("data: {csv: x, symbol: B}\nexecution: {calendar: {time-zone: UTC, sessions: {monday: [8-16]}}}", "execution.calendar.sessions.monday[0]: expected"),
    ("data: {csv: x, symbol: B}\nexecution: {calendar: {zone: UTC, sessions: {monday: [08:00-16:00]}}}", "execution.calendar.zone: expected one of"),
    ("data: {csv: x, symbol: B}\nname: a/b", "name: expected letters"),
    ("data: {csv: x, symbol: B}\ncandidates: [{name: logistic, steps: []}]", "candidates[0].name"),
    ("data: {csv: x, symbol: B}\ncandidates: [{name: a, from: logistic, steps: []}]", "candidates[0].from: expected the teacher or a candidate above"),
    ("data: {simulation: {candles: 1}}", "data.simulation.candles: expected 2 to 10000000, found 1"),
    ("data: {bybit: {symbol: B, interval: 1h, from: 2024-01-01, to: soon}}", "data.bybit.to: expected a date"),
    ("data: {bybit: {symbol: B, interval: 1h, from: 2024-01-02, to: 2024-01-01}}", "data.bybit.to: expected a time after 'from'"),
    ("data: {bybit: {symbol: B, interval: 1h, from: 2024-01-01, to: 2024-01-02, category: sopt}}", "data.bybit.category: expected one of spot, linear, inverse (nearest: 'spot')"),
    ("data: {simulation: {symbols: 1}, symbol: B}", "data.symbol: expected none beside simulation"),
    ("data: {store: x, symbol: B, interval: 1d, bad-rows: skip}", "data.bad-rows: expected none beside store"),
    ("just words", "e.yaml: document: expected keys with values, found 'just words'"),
    ("- a", "e.yaml: document: expected keys with values, found a list"),
    ("data:", "e.yaml: data: expected keys with values, found nothing"),
    ("data: {csv: [a], symbol: B}", "e.yaml: data.csv: expected a single value, found a list"),
    ("data: {csv: a\nb: c", "e.yaml: document: expected YAML or JSON, found "),
    ("data: {csv: x, symbol: B}\nseed: -1", "seed: expected"),
    ("data: {csv: x, symbol: B}\nteacher: {model: {mlp: {hidden: [0]}}}", "teacher.model.mlp.hidden"),
    ("data: {csv: x, symbol: B}\nteacher: {training: {epochs: 0}}", "teacher.training.epochs"),
    ("data: {csv: x, symbol: B}\ndata: {csv: y, symbol: B}", "e.yaml: "),
  ])
  func aWrongValueSaysWhatIsRight(yaml: String, words: String) throws {
    do {
      let _: Experiment = try StrictYAML.decode(yaml, source: "e.yaml")
      Issue.record("read")
    } catch let error as any PareError {
      #expect(error.description.contains(words), "\(error)")
      #expect(error.category == .badData)
    }
  }
}
