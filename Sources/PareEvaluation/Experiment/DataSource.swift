import PareCompression
import PareMarket

/// Where the candles come from.
public indirect enum DataSource: Sendable, Hashable {
  /// A file of candles. A relative path counts from the experiment file's folder.
  case csv(path: String, symbol: String, interval: CandleInterval?, badRows: BadRowPolicy)
  /// Candles that `pare import` or `pare fetch` stored.
  case store(path: String, symbol: String, interval: CandleInterval)
  /// Candles from Bybit, kept in a store so that a second run asks for none of them again.
  case bybit(BybitSpan)
  /// The embedded simulator. Judged is its first symbol.
  case simulation(MarketSimulation)
  /// Every symbol of the simulator at once, with one capital: what a network over the cross-section is shown on.
  case simulatedPanel(MarketSimulation)
  /// Order books of one symbol that the simulator makes: features are of the books, money of their mid.
  case simulatedBooks(SimulatedBookSource)
  /// A file of order-book snapshots of one symbol (`BookCSV`), counted as if they were a minute apart.
  case books(path: String, symbol: String)
  /// A file of daily candles of many symbols, all of them or those that are named, with one capital.
  case panel(path: String, symbols: [String]?, badRows: BadRowPolicy)
  /// Several of the others with one capital, of which each symbol has an equal share.
  case portfolio([DataSource])
}

/// What to ask Bybit for.
public struct BybitSpan: Sendable, Hashable {
  public var symbol: String
  public var category: BybitCategory
  public var interval: CandleInterval
  /// First candle's start, and the time before which candles start; ISO 8601 dates or times in UTC.
  public var from: String
  public var to: String
  /// The store's file.
  public var store: String

  public init(symbol: String, category: BybitCategory, interval: CandleInterval, from: String, to: String, store: String) {
    self.symbol = symbol
    self.category = category
    self.interval = interval
    self.from = from
    self.to = to
    self.store = store
  }
}

extension DataSource: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case csv, store, bybit, simulation, books, portfolio, panel, symbol, symbols, interval
    case simulatedPanel = "simulated-panel"
    case simulatedBooks = "simulated-books"
    case badRows = "bad-rows"
  }

  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let kinds: [CodingKeys] = [.csv, .store, .bybit, .simulation, .simulatedPanel, .simulatedBooks, .books, .panel, .portfolio]
    let given = kinds.filter(container.contains)
    try path.require(
      given.count == 1, expected: "exactly one of " + kinds.map(\.rawValue).joined(separator: ", "),
      found: given.isEmpty ? "none" : given.map(\.rawValue).joined(separator: " and "))
    // What says more of one source says nothing of another.
    let own: Set<CodingKeys> = [
      .csv: [.symbol, .interval, .badRows], .store: [.symbol, .interval], .books: [.symbol], .panel: [.symbols, .badRows],
    ][given[0]] ?? []
    for key in container.allKeys where key != given[0] {
      try path.key(key).require(own.contains(key), expected: "none beside \(given[0].rawValue)", found: "one")
    }
    switch given[0] {
    case .csv:
      self = .csv(
        path: try container.decode(String.self, forKey: .csv), symbol: try container.decode(String.self, forKey: .symbol),
        interval: try container.intervalIfPresent(forKey: .interval),
        badRows: try container.wordIfPresent(forKey: .badRows) ?? .refuse)
    case .store:
      self = .store(
        path: try container.decode(String.self, forKey: .store),
        symbol: try container.decode(String.self, forKey: .symbol),
        interval: try container.interval(forKey: .interval))
    case .bybit: self = .bybit(try container.decode(BybitSpan.self, forKey: .bybit))
    case .panel:
      self = .panel(
        path: try container.decode(String.self, forKey: .panel),
        symbols: try container.decodeIfPresent([String].self, forKey: .symbols), badRows: try container.wordIfPresent(forKey: .badRows) ?? .refuse)
    case .simulatedPanel: self = .simulatedPanel(try container.decode(MarketSimulation.self, forKey: .simulatedPanel))
    case .books:
      self = .books(
        path: try container.decode(String.self, forKey: .books), symbol: try container.decode(String.self, forKey: .symbol))
    case .simulatedBooks:
      let isNull = try container.decodeNil(forKey: .simulatedBooks)
      self = .simulatedBooks(isNull ? SimulatedBookSource() : try container.decode(SimulatedBookSource.self, forKey: .simulatedBooks))
    case .portfolio:
      let members = try container.decode([DataSource].self, forKey: .portfolio)
      let place = path.key(CodingKeys.portfolio)
      try place.require(!members.isEmpty, expected: "at least one symbol", found: "none")
      for (index, member) in members.enumerated() {
        switch member {
        case .portfolio: try place.index(index).require(false, expected: "no portfolio within one", found: "one")
        case .simulatedBooks, .books: try place.index(index).require(false, expected: "candles within a portfolio", found: "order books")
        default: break
        }
      }
      self = .portfolio(members)
    default:
      // `simulation: {}` and `simulation:` both mean the defaults.
      let isNull = try container.decodeNil(forKey: .simulation)
      self = .simulation(isNull ? MarketSimulation() : try container.decode(MarketSimulation.self, forKey: .simulation))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .csv(let path, let symbol, let interval, let badRows):
      try container.encode(path, forKey: .csv)
      try container.encode(symbol, forKey: .symbol)
      try container.encodeIfPresent(interval, forKey: .interval)
      try container.encode(badRows, forKey: .badRows)
    case .store(let path, let symbol, let interval):
      try container.encode(path, forKey: .store)
      try container.encode(symbol, forKey: .symbol)
      try container.encode(interval, forKey: .interval)
    case .bybit(let span): try container.encode(span, forKey: .bybit)
    case .simulation(let simulation): try container.encode(simulation, forKey: .simulation)
    case .simulatedPanel(let simulation): try container.encode(simulation, forKey: .simulatedPanel)
    case .books(let path, let symbol):
      try container.encode(path, forKey: .books)
      try container.encode(symbol, forKey: .symbol)
    case .simulatedBooks(let source): try container.encode(source, forKey: .simulatedBooks)
    case .panel(let path, let symbols, let badRows):
      try container.encode(path, forKey: .panel)
      try container.encodeIfPresent(symbols, forKey: .symbols)
      try container.encode(badRows, forKey: .badRows)
    case .portfolio(let members): try container.encode(members, forKey: .portfolio)
    }
  }
}

extension BybitSpan: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case symbol, category, interval, from, to, store
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    self.init(
      symbol: try container.decode(String.self, forKey: .symbol),
      category: try container.wordIfPresent(forKey: .category) ?? .linear,
      interval: try container.interval(forKey: .interval),
      from: try container.decode(String.self, forKey: .from), to: try container.decode(String.self, forKey: .to),
      store: try container.decodeIfPresent(String.self, forKey: .store) ?? "candles.sqlite")
    let first = try UTCTime.milliseconds(from, subject: path.key(CodingKeys.from).description)
    let last = try UTCTime.milliseconds(to, subject: path.key(CodingKeys.to).description)
    try path.key(CodingKeys.to).require(first < last, expected: "a time after 'from', \(from)", found: "'\(to)'")
  }
}
