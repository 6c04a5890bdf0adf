/// What trading and holding one instrument costs.
public struct CostModel: Codable, Sendable, Hashable {
  /// Of every order that takes: fee, half spread, fixed slippage.
  public var taking: TradingCosts
  /// The fee, in basis points, of a take-profit order, which waits in the book and fills at its price; nil charges it
  /// like an order that takes.
  public var makerFee: Double?
  public var slippage: Slippage
  public var funding: Funding
  /// What a short position pays for what it borrows, as a share of the notional and year (365 days).
  public var borrow: Double

  public init(
    _ taking: TradingCosts = .standard, makerFee: Double? = nil, slippage: Slippage = .fixed, funding: Funding = .none,
    borrow: Double = 0
  ) {
    self.taking = taking
    self.makerFee = makerFee
    self.slippage = slippage
    self.funding = funding
    self.borrow = borrow
  }

  private enum CodingKeys: String, CodingKey {
    case taking, slippage, funding
    case makerFee = "maker-fee-bp"
    case borrow = "borrow-per-year"
  }

  /// - Throws: `backtest.cost`, `backtest.funding`.
  func validate() throws(BacktestError) {
    for (name, value) in [("maker-fee-bp", makerFee ?? 0), ("borrow-per-year", borrow)] {
      guard value >= 0, value.isFinite else {
        throw BacktestError(
          "cost", subject: "costs.\(name)", expected: "0 or more", found: "\(value)", category: .usage)
      }
    }
    try slippage.validate()
    try funding.validate()
  }
}

/// A cost model worked out for every candle of an instrument.
struct CandleCosts: Sendable {
  /// Of an order in each candle, as a share of its notional, and what slippage adds at an order of the whole capital.
  private let flat: [Double]
  private let atCapital: [Double]
  /// Of a take-profit order; nil where it costs what others do.
  private let waiting: Double?
  /// What a position of 1 pays from each open to the next, long and short.
  let long: [Double]
  let short: [Double]

  init(_ instrument: Instrument, capital: Double) {
    let (model, candles) = (instrument.costs, instrument.candles)
    let slippage = model.slippage.rates(of: candles, capital: capital)
    let taking = model.taking
    if let multiples = instrument.spreadMultiples {
      flat = zip(slippage.flat, multiples).map {
        $0 + (taking.fee + taking.halfSpread * $1 + taking.slippage) / 10_000
      }
    } else {
      flat = slippage.flat.map { $0 + taking.basisPointsPerSide / 10_000 }
    }
    atCapital = slippage.atCapital
    waiting = model.makerFee.map { $0 / 10_000 }
    let funding = model.funding.paid(between: candles.times)
    let year = 365.0 * 86_400_000
    long = funding
    short = zip(zip(candles.times, candles.times.dropFirst()), funding).map {
      model.borrow * Double($0.1 - $0.0) / year - $1
    }
  }

  /// The cost of trading a notional in a candle, as a share of it.
  func rate(candle: Int, traded: Double) -> Double {
    let impact = atCapital[candle]
    return impact == 0 ? flat[candle] : flat[candle] + min(impact * traded.squareRoot(), Slippage.most)
  }

  func waitingRate(candle: Int, traded: Double) -> Double {
    waiting ?? rate(candle: candle, traded: traded)
  }
}
