import PareGraph
import PareTensor

/// The Stock State Space Graph, S3G: scores for the returns of all symbols of a universe from a graph between them that the data of each
/// day make, and that a state-space model carries from day to day.
///
/// ```
/// e  = relu(W x + b)                                  a symbol's embedding, [d]
/// uˢ = Wˢ e + bˢ                                      its factors, [r], of two sides: s = loading, share
/// zˢ = scan(uˢ)                                       with Δ = softplus(w ⊙ uˢ + b), B and C from e: the factors, carried along time
/// P  = softmax over the factors of zˡᵒᵃᵈⁱⁿᵍ           how a symbol listens to each factor
/// Q  = softmax over the symbols of zˢʰᵃʳᵉ             of whom a factor is made
/// g  = P · (S ⊙ (Qᵀ · W_g e))                         what it hears: A · W_g e with the day's adjacency A = P Qᵀ, S a gain by factor
/// m  = W_o · scan(W_m e)                              what it remembers of its own days
/// ŷ  = w · (e + m + g) + b
/// ```
/// The adjacency has rank r, its rows add up to 1, and it is never written out: time and memory grow linearly with the symbols. With
/// `groups` another sum is added, over the symbols that share a group of a file, `γ ⊙` the mean over the groups of their means.
///
/// As all three meet in one number, messages of `d` numbers are more than the score can tell apart. The compact form sends only what of them
/// concerns it: `g = P · Σ over the symbols of Q ⊙ U e` with `U [d, r] = W_g (S ⊙ wᵀ)ᵀ`, and `m = c · scan(W_m e)` with `c = W_o w`, so that
/// `ŷ = w · e + m + g + b`. What either says the other can (of the former where r ≤ d); the compact form has fewer numbers and products.
///
/// Inputs and scores are those of `PanelShape`; steps and symbols may be any number unless there are vectors or groups of symbols. Factors
/// of a symbol that is absent for a while go on as they would with features of zeros. The values `loading [batch, steps, symbols, r]` and
/// `share [batch, steps, r, symbols]` hold P and Qᵀ, `embedding` holds e.
///
/// - Source: the parts are those of Lu, Hu and Zhang 2026, arXiv:2603.24236, of which no more than the abstract is known to us; how they
///   are made is ours (docs/s3g.md). The scan: Gu and Dao 2023, arXiv:2312.00752; two softmaxes around a low-rank product: Shen et al.
///   2021, arXiv:1812.01243, §3.3.
public struct StockStateSpaceGraph: PanelNetwork, Hashable, Codable {
  public var shape: PanelShape
  /// d: numbers of a symbol's embedding.
  public var width: Int
  /// r: factors of the graph.
  public var rank: Int
  /// Numbers of the state by which a factor of a symbol is carried along time.
  public var states: Int
  /// Channels by which a symbol remembers its own days; 0 for none.
  public var memory: Int
  /// Whether symbols hear each other; without, `g = 0`.
  public var hasGraph: Bool
  /// Whether factors are carried along time; without, `z = u`.
  public var hasStateSpace: Bool
  /// Numbers of a trained vector of each symbol, beside its features; nil for none, so that symbols are told apart by their features
  /// alone.
  public var identity: Int?
  /// Groups that symbols share; nil for none.
  public var groups: SymbolMemberships?
  /// Whether symbols send each other, and themselves, only what concerns the score.
  public var isCompact: Bool
  /// Probability that a number of an embedding is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double

  public init(
    _ shape: PanelShape, width: Int = 32, rank: Int = 8, states: Int = 4, memory: Int = 16, hasGraph: Bool = true, hasStateSpace: Bool = true,
    identity: Int? = nil, groups: SymbolMemberships? = nil, isCompact: Bool = false, dropout: Double = 0
  ) {
    (self.shape, self.width, self.rank, self.states) = (shape, width, rank, states)
    (self.memory, self.hasGraph, self.hasStateSpace) = (memory, hasGraph, hasStateSpace)
    (self.identity, self.groups, self.isCompact, self.dropout) = (identity, groups, isCompact, dropout)
  }

  /// Everything trained.
  public var parameterCount: Int {
    let seen = shape.inputs + (identity ?? 0)
    let carried = (hasGraph ? 2 * rank : 0) + (hasStateSpace ? memory : 0)
    let scans = hasStateSpace && carried > 0 ? 2 * states * width + carried * (states + 3) : 0
    let graph = hasGraph ? (isCompact ? 0 : width * width) + rank * width : 0
    let recall = hasStateSpace ? memory * (isCompact ? 1 : width) : 0
    let embedding = (seen + 1) * width + (identity ?? 0) * (shape.symbols ?? 0)
    return embedding + carried * (width + 1) + scans + graph + recall + (groups == nil ? 0 : width) + width + 1
  }

  public func graph(seed: UInt64, name: String? = nil) throws -> Graph {
    try validate()
    var sketch = StateSpaceSketch(self, seed: seed, name: name)
    let rows = try sketch.rows()
    let embedding = try sketch.embedding(of: rows)
    var messages: [String] = []
    if hasStateSpace, memory > 0 { messages.append(try sketch.remembered(embedding)) }
    if hasGraph { messages.append(try sketch.heard(embedding)) }
    if let groups { messages.append(try sketch.grouped(embedding, groups)) }
    try sketch.score(embedding, messages)
    return sketch.sketch.builder.graph
  }

  private func validate() throws {
    let settings = ArchitectureSettings("s3g")
    try shape.validate(settings)
    try settings.check("width", width, in: 1...8192)
    try settings.check("rank", rank, in: 1...1024)
    try settings.check("states", states, in: 1...256)
    try settings.check("memory", memory, in: 0...8192)
    try settings.check(dropout: dropout)
    if let identity {
      try settings.check("identity", identity, in: 1...1024)
      guard shape.symbols != nil else { throw settings.error("symbols", expected: "a number, for vectors of their own", found: "any") }
    }
    if let groups {
      try groups.validate(settings)
      guard !isCompact else { throw settings.error("compact", expected: "a form without groups", found: "groups") }
      guard shape.symbols == groups.symbols else {
        throw settings.error("groups", expected: "memberships of \(shape.symbols ?? 0) symbols", found: "\(groups.symbols)")
      }
    }
  }
}
