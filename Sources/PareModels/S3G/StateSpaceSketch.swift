import Foundation
import PareGraph
import PareTensor

/// A Stock State Space Graph under construction: the layers that are its own.
struct StateSpaceSketch {
  let model: StockStateSpaceGraph
  private(set) var sketch: PanelSketch
  private var builder: GraphBuilder {
    get { sketch.builder }
    set { sketch.builder = newValue }
  }

  init(_ model: StockStateSpaceGraph, seed: UInt64, name: String?) {
    self.model = model
    sketch = PanelSketch(model.shape, seed: seed, architecture: "s3g", name: name)
  }

  private func draws(_ layer: String) -> InitialWeights { sketch.draws(layer) }
  private var presence: String { sketch.presence }

  /// The rows of the inputs, with the symbols' vectors beside their features.
  ///
  /// - Returns: `[batch, steps, symbols, numbers]`.
  mutating func rows() throws -> String {
    let rows = try sketch.rows()
    guard let dimensions = model.identity, let symbols = model.shape.symbols else { return rows }
    let limit = (3 / Double(dimensions).squareRoot()).squareRoot()
    let vectors = try builder.parameter(
      "identity", draws("identity").uniform([symbols, dimensions], limit: limit), isTrainable: true)
    let present = try sketch.unsqueezed(presence, axis: 3, name: "presence.column")
    let own = try builder.apply("Mul", [present, vectors], name: "identity.present")
    return try builder.apply("Concat", [rows, own], attributes: ["axis": .int(-1)], name: "known")
  }

  /// `e = relu(W x + b)`.
  mutating func embedding(of rows: String) throws -> String {
    let inputs = model.shape.inputs + (model.identity ?? 0)
    let sum = try builder.denseAlongLastAxis(
      rows, weight: draws("embedding").he([inputs, model.width], fanIn: inputs), name: "embed")
    let embedding = try builder.apply("Relu", [sum], name: "embed.relu", output: "embedding")
    return try builder.dropout(embedding, probability: model.dropout, name: "embed.dropout")
  }

  /// What each symbol hears of the others along the day's graph: `P · (S ⊙ (Qᵀ · W_g e))`; in the compact form what of it concerns the
  /// score, `P · Σ (Q ⊙ U e)`.
  mutating func heard(_ embedding: String) throws -> String {
    let exposed = try factors(of: embedding, "loading", model.rank)
    let loading = try builder.apply("Softmax", [exposed], attributes: ["axis": .int(-1)], name: "loading.softmax", output: "loading")
    return try builder.apply("MatMul", [loading, model.isCompact ? numbersOfFactors(embedding) : messagesOfFactors(embedding)], name: "heard")
  }

  /// `S ⊙ (Qᵀ · W_g e)`, `[batch, steps, rank, width]`.
  private mutating func messagesOfFactors(_ embedding: String) throws -> String {
    let factors = try factors(of: embedding, "share", model.rank)
    let share = try share(turned(factors, name: "share.turned"), absence: sketch.unsqueezed(sketch.absence(), axis: 2, name: "absence.row"))
    let values = try product(embedding, "hear", rows: model.width, columns: model.width)
    let ofFactors = try builder.apply("MatMul", [share, values], name: "factor.values")
    // Every second factor subtracts at first, so that both are there to be chosen from.
    let signs = (0..<model.rank).flatMap { [Float](repeating: $0.isMultiple(of: 2) ? 1 : -1, count: model.width) }
    let gain = Tensor(signs, shape: [model.rank, model.width])
    return try builder.apply("Mul", [ofFactors, builder.parameter("factor.gain", gain, isTrainable: true)], name: "factor.gained")
  }

  /// `Σ (Q ⊙ U e)` over the symbols, `[batch, steps, rank, 1]`. All that it takes comes before its softmax, so that a plan can do the rest at
  /// once.
  private mutating func numbersOfFactors(_ embedding: String) throws -> String {
    let values = try product(embedding, "hear", rows: model.width, columns: model.rank)
    let absence = try sketch.unsqueezed(sketch.absence(), axis: 2, name: "absence.row")
    let factors = try factors(of: embedding, "share", model.rank)
    let share = try share(turned(factors, name: "share.turned"), absence: absence)
    let shared = try builder.apply("Mul", [share, turned(values, name: "hear.turned")], name: "factor.shared")
    return try builder.apply(
      "ReduceSum", [shared, builder.constant(Tensor([Int64(-1)]), named: "factor.values.axis")], name: "factor.values")
  }

  /// Qᵀ, of the symbols that are there.
  private mutating func share(_ factors: String, absence: String) throws -> String {
    let present = try builder.apply("Add", [factors, absence], name: "share.present")
    return try builder.apply("Softmax", [present], attributes: ["axis": .int(-1)], name: "share.softmax", output: "share")
  }

  /// What each symbol remembers of its own days: `W_o · scan(W_m e)`; in the compact form a number.
  mutating func remembered(_ embedding: String) throws -> String {
    try product(factors(of: embedding, "memory", model.memory), "recall", rows: model.memory, columns: model.isCompact ? 1 : model.width)
  }

  /// `γ ⊙` the mean over a symbol's groups of the means of those present.
  mutating func grouped(_ embedding: String, _ groups: SymbolMemberships) throws -> String {
    let members = try builder.parameter("groups", groups.tensor(), isTrainable: false)
    let turned = try builder.apply("Transpose", [members], attributes: ["perm": .ints([1, 0])], name: "groups.turned")
    let present = try sketch.unsqueezed(presence, axis: 3, name: "groups.presence")
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "groups.one")
    func atLeastOne(_ value: String, _ name: String) throws -> String { try builder.apply("Max", [value, one], name: name) }
    let counted = try builder.apply("MatMul", [turned, present], name: "groups.counts")
    let counts = try atLeastOne(counted, "groups.members")
    let own = try builder.apply("Mul", [embedding, present], name: "groups.embedding")
    let sums = try builder.apply("MatMul", [turned, own], name: "groups.sums")
    let means = try builder.apply("Div", [sums, counts], name: "groups.means")
    let heard = try builder.apply("MatMul", [members, means], name: "groups.heard")
    let perSymbol = Tensor(groups.groups.map { Float(max($0.count, 1)) }, shape: [groups.symbols, 1])
    let mean = try builder.apply("Div", [heard, builder.constant(perSymbol, named: "groups.perSymbol")], name: "groups.mean")
    let gain = try builder.parameter("groups.gain", Tensor(zeros: .float32, shape: [model.width]), isTrainable: true)
    return try builder.apply("Mul", [mean, gain], name: "groups.gained")
  }

  /// `ŷ = w · Σ + b`, 0 for absent symbols; in the compact form messages are numbers that are added to the product.
  ///
  /// - Parameter messages: `[batch, steps, symbols, width]`, or 1 in the place of the width.
  mutating func score(_ embedding: String, _ messages: [String]) throws {
    var sum = model.isCompact ? try sketch.scored(embedding, width: model.width) : embedding
    for (index, message) in messages.enumerated() { sum = try builder.apply("Add", [sum, message], name: "sum_\(index)") }
    try model.isCompact ? sketch.yield(sum) : sketch.score(sum, width: model.width)
  }

  // MARK: -

  /// What a scan reads of an embedding besides its factors.
  private struct Gates {
    let input: String
    let output: String
  }

  private var made: Gates?

  private mutating func gates(_ embedding: String) throws -> Gates {
    if let made { return made }
    let gates = Gates(
      input: try product(embedding, "scan.input", rows: model.width, columns: model.states),
      output: try product(embedding, "scan.output", rows: model.width, columns: model.states))
    made = gates
    return gates
  }

  /// Factors of one side, carried along time where there is a state space: `[batch, steps, symbols, count]`.
  private mutating func factors(of embedding: String, _ side: String, _ count: Int) throws -> String {
    let weight = draws("\(side).factors").glorot([model.width, count], fanIn: model.width, fanOut: count)
    let own = try builder.denseAlongLastAxis(embedding, weight: weight, name: "\(side).factors")
    guard model.hasStateSpace else { return own }
    let gates = try gates(embedding)
    let slope = try builder.parameter("\(side).step.weight", Tensor(zeros: .float32, shape: [count]), isTrainable: true)
    let bias = try builder.parameter("\(side).step.bias", firstSteps(side, count), isTrainable: true)
    let product = try builder.apply("Mul", [own, slope], name: "\(side).step.product")
    let step = try builder.apply("Softplus", [builder.apply("Add", [product, bias], name: "\(side).step.sum")], name: "\(side).step")
    let logarithms = try builder.parameter("\(side).rate", firstRates(count), isTrainable: true)
    let rates = try builder.apply("Neg", [builder.apply("Exp", [logarithms], name: "\(side).rate.size")], name: "\(side).rate.sign")
    let skip = try builder.parameter("\(side).skip", Tensor([Float](repeating: 1, count: count)), isTrainable: true)
    return try builder.apply("pare.SelectiveScan", [own, step, rates, gates.input, gates.output, skip], name: "\(side).scan")
  }

  /// Biases by which Δ is between 0.01 and 0.3 at first: half-lives of 2 to 70 steps where A is −1 (Gu and Dao 2023, §3.6, has 0.001 to 0.1
  /// for longer sequences).
  private func firstSteps(_ side: String, _ count: Int) -> Tensor {
    var generator = SeededGenerator(seed: sketch.seed, stream: "s3g/\(side).step")
    let (low, high) = (0.01, 0.3)
    let biases = (0..<count).map { _ -> Float in
      let step = low * pow(high / low, generator.uniform())
      return Float(log(exp(step) - 1))
    }
    return Tensor(biases)
  }

  /// The logarithms of −A = 1 … states (S4D-Real: Gu et al. 2022, arXiv:2206.11893, §4).
  private func firstRates(_ count: Int) -> Tensor {
    let rates = (1...model.states).flatMap { [Float](repeating: log(Float($0)), count: count) }
    return Tensor(rates, shape: [model.states, count])
  }

  /// `[…, a, b]` as `[…, b, a]`.
  private mutating func turned(_ value: String, name: String) throws -> String {
    try builder.apply("Transpose", [value], attributes: ["perm": .ints([0, 1, 3, 2])], name: name)
  }

  private mutating func product(_ value: String, _ name: String, rows: Int, columns: Int) throws -> String {
    let weight = draws(name).glorot([rows, columns], fanIn: rows, fanOut: columns)
    return try builder.apply("MatMul", [value, builder.parameter("\(name).weight", weight, isTrainable: true)], name: name)
  }
}
