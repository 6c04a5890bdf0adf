/// The difference of two net returns by what the candidate did differently, step by step.
///
/// In step `s`, with the original's position `p`, the candidate's `q` and the step's return `r`, the candidate earns
/// `(q − p) · r` more and pays `κ · (|Δq| − |Δp|)` more; both count towards the step's kind, the closing costs towards that of
/// the last step. So the parts' nets sum to `candidateNet − originalNet`, to rounding (`ChangeAttributionTests`).
public struct ChangeAttribution: Codable, Sendable, Hashable {
  /// What the steps of one kind make of the difference, as shares of the notional.
  public struct Part: Codable, Sendable, Hashable {
    public fileprivate(set) var decisions = 0
    /// What the candidate earned more.
    public fileprivate(set) var gross = 0.0
    /// What it paid more.
    public fileprivate(set) var costs = 0.0
    /// `gross − costs`.
    public fileprivate(set) var net = 0.0
  }

  public let missed: Part
  public let `false`: Part
  public let reversed: Part
  /// The same side in another size.
  public let resized: Part
  /// Equal positions: costs alone, of getting there from different ones.
  public let equal: Part
  public let originalNet: Double
  public let candidateNet: Double

  public init(_ compared: ComparedPositions) {
    var parts: [ChangeKind: Part] = [:]
    var (original, candidate) = (0.0, 0.0)
    for step in compared.returns.indices {
      let (old, new) = (compared.original[step], compared.candidate[step])
      let before = compared.money(of: compared.original, in: step)
      let after = compared.money(of: compared.candidate, in: step)
      original += before.gross - before.costs
      candidate += after.gross - after.costs
      var part = parts[ChangeKind(from: old, to: new)] ?? Part()
      part.decisions += 1
      part.gross += (new - old) * compared.returns[step]
      part.costs += after.costs - before.costs
      parts[ChangeKind(from: old, to: new)] = part
    }
    func part(_ kind: ChangeKind) -> Part {
      var part = parts[kind] ?? Part()
      part.net = part.gross - part.costs
      return part
    }
    missed = part(.missed)
    `false` = part(.false)
    reversed = part(.reversed)
    resized = part(.resized)
    equal = part(.equal)
    originalNet = original
    candidateNet = candidate
  }

  /// All kinds, equal positions among them.
  public var parts: [(kind: ChangeKind, part: Part)] {
    [(.missed, missed), (.false, `false`), (.reversed, reversed), (.resized, resized), (.equal, equal)]
  }
}
