import Foundation

/// An experiment on one of its markets, with one of its seeds.
public struct ExperimentCase: Sendable {
  /// Names its folder: `BTCUSDT-seed-1`.
  public let name: String
  /// Which market, in a word.
  public let market: String
  public let experiment: Experiment
}

extension Experiment {
  /// Whether there are several markets or seeds.
  public var isSeries: Bool { !moreData.isEmpty || !moreSeeds.isEmpty }

  /// Every market with every seed; the models of all seeds count as tried by each.
  public var cases: [ExperimentCase] {
    let seeds = [seed] + moreSeeds
    let models = ModelMaker.names(of: self).count
    var used: [String: Int] = [:]
    return ([data] + moreData).flatMap { source -> [ExperimentCase] in
      let word = source.word
      used[word, default: 0] += 1
      let market = used[word] == 1 ? word : "\(word)-\(used[word] ?? 1)"
      return seeds.map { seed in
        var one = self
        (one.data, one.moreData, one.seed, one.moreSeeds) = (source, [], seed, [])
        one.evaluatedBefore += models * (seeds.count - 1)
        one.name = "\(name)-\(market)"
        return ExperimentCase(name: "\(market)-seed-\(seed)", market: market, experiment: one)
      }
    }
  }
}

extension DataSource {
  /// The symbol, or what else there is to call it, as a file name can have it.
  var word: String {
    let word =
      switch self {
      case .csv(_, let symbol, _, _), .store(_, let symbol, _), .books(_, let symbol): symbol
      case .bybit(let span): span.symbol
      case .simulation: "simulated"
      case .simulatedPanel: "simulated-panel"
      case .simulatedBooks: "simulated-books"
      case .panel: "panel"
      case .portfolio: "portfolio"
      }
    let name = String(word.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
    return name.isEmpty ? "market" : name
  }
}
