import PareTensor

/// An order book that foretells: a hidden pressure leans on the quantities of both sides and on the next moves of the mid.
///
/// The pressure `p` is a Markov chain over `states` levels, evenly spread over −1 … 1. It stays where it is from one
/// snapshot to the next with the chance `stay`, else it moves a level up or down. Given `p` of a snapshot:
/// ```
/// ln bid quantity of level k = ln depth + reading·p + noise·N(0, 1)
/// ln ask quantity of level k = ln depth − reading·p + noise·N(0, 1)
/// the next best bid is a tick higher with chance move·(1 + lean·p)/2, a tick lower with chance move·(1 − lean·p)/2
/// ```
/// Levels follow each other at every tick, and the best ask stands `spread` ticks above the best bid. One level of one
/// snapshot says little of `p`; all levels say more, and the snapshots before it more still, for the pressure lasts.
/// `docs/simulator.md` has the measured defaults.
public struct PressureBookSimulation: Codable, Sendable, Hashable {
  public var snapshots = 10_000
  /// Microseconds from one snapshot to the next.
  public var step: Int64 = 10_000
  public var levels = 10
  public var tick = 0.01
  /// The first best bid, in ticks.
  public var price = 1_000_000
  /// Between best bid and best ask, in ticks.
  public var spread = 1
  /// Median quantity of a level without pressure.
  public var depth = 5.0

  /// Levels of the pressure, 2 to 64.
  public var states = 5
  /// Chance that the pressure is the same at the next snapshot.
  public var stay = 0.98
  /// What the logarithm of a quantity moves by at full pressure.
  public var reading = 0.1
  /// Standard deviation of the logarithm of a quantity given the pressure.
  public var noise = 0.6
  /// Chance that the mid moves from one snapshot to the next.
  public var move = 0.4
  /// How much full pressure leans on the direction of a move, −1 to 1.
  public var lean = 0.9

  /// Snapshots ahead that the truth speaks of.
  public var horizon = 10
  /// The move, in ticks, that the mid has to exceed over the horizon to count as up or down.
  public var threshold = 0.5

  public init() {}

  /// Draws the book and works out its truth. The same settings and seed give the same books; `horizon` and `threshold`
  /// change none of them, and a longer simulation begins with a shorter one.
  ///
  /// - Throws: `market.book-simulation`, naming the first setting that cannot be, or `price` where the lowest level fell
  ///   to zero.
  public func run(seed: UInt64) throws(MarketError) -> SimulatedBooks {
    try validate()
    let law = PressureLaw(self)
    var hidden = SeededGenerator(seed: seed, stream: "pressure/hidden")
    var moves = SeededGenerator(seed: seed, stream: "pressure/moves")
    var quantities = SeededGenerator(seed: seed, stream: "pressure/quantities")
    var bid = price
    var state = PressureLaw.draw(law.stationary[...], at: hidden.uniform())
    var states: [Int] = []
    states.reserveCapacity(snapshots)
    var columns = [[Double]](repeating: [], count: 4)
    for index in columns.indices { columns[index].reserveCapacity(snapshots * levels) }
    for _ in 0..<snapshots {
      guard bid >= levels else {
        throw MarketError(
          "book-simulation", subject: "book.price", expected: "one from which the book does not fall to zero", found: "\(price)",
          category: .usage)
      }
      states.append(state)
      for level in 0..<levels {
        columns[0].append(Double(bid - level) * tick)
        columns[1].append(law.quantity(state, side: 1, draw: quantities.normal()))
        columns[2].append(Double(bid + spread + level) * tick)
        columns[3].append(law.quantity(state, side: -1, draw: quantities.normal()))
      }
      bid += PressureLaw.draw(law.moves(of: state), at: moves.uniform()) - 1
      state = PressureLaw.draw(law.transitions(from: state), at: hidden.uniform())
    }
    let books = try BookSnapshots(
      levels: levels, times: (0..<snapshots).map { Int64($0) * step }, bidPrices: columns[0], bidQuantities: columns[1],
      askPrices: columns[2], askQuantities: columns[3])
    return SimulatedBooks(configuration: self, seed: seed, snapshots: books, pressures: states.map { law.pressure[$0] })
  }

  /// - Throws: `market.book-simulation`, naming the first setting that cannot be.
  package func validate() throws(MarketError) {
    try check("snapshots", snapshots, (1...10_000_000).contains(snapshots), "1 to 10000000")
    try check("step", step, (1...60_000_000).contains(step), "1 to 60000000 microseconds")
    try check("levels", levels, (1...1_000).contains(levels), "1 to 1000")
    try check("tick", tick, tick > 0 && tick.isFinite, "a positive number")
    try check("price", price, price > levels && price < 1_000_000_000, "more ticks than levels, below 1000000000")
    try check("spread", spread, (1...1_000).contains(spread), "1 to 1000 ticks")
    try check("depth", depth, depth > 0 && depth.isFinite, "a positive number")
    try check("states", states, (2...64).contains(states), "2 to 64")
    try check("stay", stay, stay >= 0 && stay < 1, "a chance in 0 ..< 1")
    try check("reading", reading, abs(reading) <= 5, "−5 to 5")
    try check("noise", noise, noise > 0.01 && noise <= 5, "above 0.01, at most 5")
    try check("move", move, move >= 0 && move <= 1, "a chance in 0 ... 1")
    try check("lean", lean, abs(lean) <= 1, "−1 to 1")
    try check("horizon", horizon, (1...1_000).contains(horizon), "1 to 1000 snapshots")
    try check("threshold", threshold, threshold >= 0 && threshold.isFinite, "0 or more ticks")
  }

  private func check(_ name: String, _ value: some Any, _ isGood: Bool, _ expected: String) throws(MarketError) {
    guard isGood else {
      throw MarketError("book-simulation", subject: "book.\(name)", expected: expected, found: "\(value)", category: .usage)
    }
  }
}
