/// How much may be held at once, as multiples of the notional (of the equity when compounding).
public struct ExposureLimits: Codable, Sendable, Hashable {
  /// In one instrument, either side.
  public var instrument: Double?
  /// Σ |position|.
  public var gross: Double?
  /// |Σ position|.
  public var net: Double?

  public init(instrument: Double? = nil, gross: Double? = nil, net: Double? = nil) {
    self.instrument = instrument
    self.gross = gross
    self.net = net
  }

  /// Makes the wanted positions smaller where they are too much together: each cut to the instrument's limit, then all
  /// by one factor to the gross limit, then those of the heavier side by one factor to the net limit.
  ///
  /// Positions that cannot be changed now keep what they have, and the others get what is left.
  ///
  /// - Parameters:
  ///   - wanted: per instrument.
  ///   - movable: which of them can be traded now.
  ///   - least: room below a limit that counts as none. Where others already fill a limit, what is left is rounding, and
  ///     a position of it would begin a trade of no size.
  func apply(to wanted: inout [Double], movable: [Bool], least: Double = 0) {
    func room(_ left: Double) -> Double { left > least ? left : 0 }
    if let instrument {
      for index in wanted.indices where movable[index] { wanted[index] = min(max(wanted[index], -instrument), instrument) }
    }
    if let gross {
      let total = wanted.reduce(0) { $0 + abs($1) }
      let free = wanted.indices.reduce(0) { movable[$1] ? $0 + abs(wanted[$1]) : $0 }
      if total > gross, free > 0 {
        let factor = room(gross - (total - free)) / free
        for index in wanted.indices where movable[index] { wanted[index] *= factor }
      }
    }
    if let net {
      let sum = wanted.reduce(0, +)
      let heavy = wanted.indices.filter { movable[$0] && wanted[$0] * sum > 0 }
      let free = heavy.reduce(0) { $0 + abs(wanted[$1]) }
      if abs(sum) > net, free > 0 {
        let factor = room(free - (abs(sum) - net)) / free
        for index in heavy { wanted[index] *= factor }
      }
    }
  }
}
