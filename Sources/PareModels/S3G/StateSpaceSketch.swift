import PareGraph
import PareTensor

/// A Stock State Space Graph under construction.
struct StateSpaceSketch {
  let model: StockStateSpaceGraph
  let seed: UInt64
  var builder: GraphBuilder

  init(_ model: StockStateSpaceGraph, seed: UInt64, name: String) {
    self.model = model
    self.seed = seed
    builder = GraphBuilder(name: name)
  }

  private func draws(_ layer: String) -> InitialWeights { InitialWeights(seed: seed, stream: "s3g/\(layer)") }

  /// Inputs, with zeros for absent symbols and the symbols' vectors beside their features.
  ///
  /// - Returns: `[batch, steps, symbols, numbers]`.
  mutating func rows(input: String, mask: String) throws -> String {
    let known = model.identity?.symbols ?? model.groups?.symbols
    let places: [Dimension] = ["batch", "steps", known.map(Dimension.fixed) ?? "symbols"]
    let features = try builder.input(input, ValueType(.float32, places + [.fixed(model.inputs)]))
    let given = try builder.input(mask, ValueType(.float32, places))
    let half = try builder.constant(Tensor(scalar: Float(0.5)), named: "mask.half")
    let zero = try builder.constant(Tensor(scalar: Float(0)), named: "mask.zero")
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "mask.one")
    let isThere = try builder.apply("Greater", [given, half], name: "present")
    _ = try builder.apply("Where", [isThere, one, zero], name: "mask.clean", output: presence)
    let column = try builder.unsqueezed(isThere, axis: 3, name: "present.column")
    let rows = try builder.apply("Where", [column, features, zero], name: "rows")
    guard let identity = model.identity else { return rows }
    let limit = (3 / Double(identity.dimensions).squareRoot()).squareRoot()
    let vectors = try builder.parameter(
      "identity", draws("identity").uniform([identity.symbols, identity.dimensions], limit: limit), isTrainable: true)
    let present = try builder.unsqueezed(presence, axis: 3, name: "presence.column")
    let own = try builder.apply("Mul", [present, vectors], name: "identity.present")
    return try builder.apply("Concat", [rows, own], attributes: ["axis": .int(-1)], name: "known")
  }

  /// `e = relu(W x + b)`.
  mutating func embedding(of rows: String) throws -> String {
    let inputs = model.inputs + (model.identity?.dimensions ?? 0)
    let sum = try builder.denseAlongLastAxis(
      rows, weight: draws("embedding").he([inputs, model.width], fanIn: inputs), name: "embed")
    let embedding = try builder.apply("Relu", [sum], name: "embed.relu", output: "embedding")
    return try builder.dropout(embedding, probability: model.dropout, name: "embed.dropout")
  }

  /// What each symbol hears of the others along the day's graph: `P · (S ⊙ (Qᵀ · W_g e))`.
  mutating func heard(_ embedding: String) throws -> String {
    let gates = model.hasStateSpace ? try gates(embedding) : nil
    let exposed = try factors(of: embedding, "loading", gates)
    let loading = try builder.apply("Softmax", [exposed], attributes: ["axis": .int(-1)], name: "loading.softmax", output: "loading")
    let shares = try builder.apply(
      "Transpose", [factors(of: embedding, "share", gates)], attributes: ["perm": .ints([0, 1, 3, 2])], name: "share.turned")
    let present = try builder.apply("Add", [shares, absence()], name: "share.present")
    let share = try builder.apply("Softmax", [present], attributes: ["axis": .int(-1)], name: "share.softmax", output: "share")
    let values = try product(embedding, "hear", columns: model.width)
    let ofFactors = try builder.apply("MatMul", [share, values], name: "factor.values")
    let gain = Tensor([Float](repeating: 1, count: model.rank * model.width), shape: [model.rank, model.width])
    let gained = try builder.apply("Mul", [ofFactors, builder.parameter("factor.gain", gain, isTrainable: true)], name: "factor.gained")
    return try builder.apply("MatMul", [loading, gained], name: "heard")
  }

  /// `γ ⊙` the mean over a symbol's groups of the means of those present.
  mutating func grouped(_ embedding: String, _ groups: SymbolMemberships) throws -> String {
    let members = try builder.parameter("groups", groups.tensor(), isTrainable: false)
    let turned = try builder.apply("Transpose", [members], attributes: ["perm": .ints([1, 0])], name: "groups.turned")
    let present = try builder.unsqueezed(presence, axis: 3, name: "groups.presence")
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

  /// `ŷ = w · norm(Σ) + b`, 0 for absent symbols.
  mutating func score(_ sums: [String]) throws {
    var sum = sums[0]
    for (index, other) in sums.dropFirst().enumerated() { sum = try builder.apply("Add", [sum, other], name: "sum_\(index)") }
    let normalized = try builder.layerNormalization(sum, width: model.width, name: "norm")
    let weight = draws("score").glorot([model.width, 1], fanIn: model.width, fanOut: 1)
    let all = try builder.denseAlongLastAxis(normalized, weight: weight, name: "score")
    let axis = try builder.constant(Tensor([Int64(3)]), named: "score.axis")
    let flat = try builder.apply("Squeeze", [all, axis], name: "score.flat")
    let scores = try builder.apply("Mul", [flat, presence], name: "score.masked", output: "scores")
    try builder.output(scores)
  }

  // MARK: -

  /// 1 where a symbol is there, 0 where not.
  private let presence = "presence"

  /// What a scan reads of an embedding besides its factors.
  private struct Gates {
    let input: String
    let output: String
  }

  private mutating func gates(_ embedding: String) throws -> Gates {
    Gates(
      input: try product(embedding, "scan.input", columns: model.states), output: try product(embedding, "scan.output", columns: model.states))
  }

  /// A side's factors, carried along time where there are gates: `[batch, steps, symbols, rank]`.
  private mutating func factors(of embedding: String, _ side: String, _ gates: Gates?) throws -> String {
    let weight = draws("\(side).factors").glorot([model.width, model.rank], fanIn: model.width, fanOut: model.rank)
    let own = try builder.denseAlongLastAxis(embedding, weight: weight, name: "\(side).factors")
    guard let gates else { return own }
    let slope = try builder.parameter("\(side).step.weight", Tensor(zeros: .float32, shape: [model.rank]), isTrainable: true)
    let bias = try builder.parameter("\(side).step.bias", firstSteps(side), isTrainable: true)
    let product = try builder.apply("Mul", [own, slope], name: "\(side).step.product")
    let step = try builder.apply("Softplus", [builder.apply("Add", [product, bias], name: "\(side).step.sum")], name: "\(side).step")
    let logarithms = try builder.parameter("\(side).rate", firstRates(), isTrainable: true)
    let rates = try builder.apply("Neg", [builder.apply("Exp", [logarithms], name: "\(side).rate.size")], name: "\(side).rate.sign")
    let skip = try builder.parameter("\(side).skip", Tensor([Float](repeating: 1, count: model.rank)), isTrainable: true)
    return try builder.apply("pare.SelectiveScan", [own, step, rates, gates.input, gates.output, skip], name: "\(side).scan")
  }

  /// Biases by which Δ is between 0.01 and 0.3 at first: half-lives of 2 to 70 steps where A is −1 (Gu and Dao 2023, §3.6, has 0.001 to 0.1
  /// for longer sequences).
  private func firstSteps(_ side: String) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: "s3g/\(side).step")
    let (low, high) = (0.01, 0.3)
    let biases = (0..<model.rank).map { _ -> Float in
      let step = low * Double.pow(high / low, generator.uniform())
      return Float(Double.log(Double.exp(step) - 1))
    }
    return Tensor(biases)
  }

  /// The logarithms of −A = 1 … states (S4D-Real: Gu et al. 2022, arXiv:2206.11893, §4).
  private func firstRates() -> Tensor {
    let rates = (1...model.states).flatMap { [Float](repeating: Float.log(Float($0)), count: model.rank) }
    return Tensor(rates, shape: [model.states, model.rank])
  }

  private mutating func product(_ value: String, _ name: String, columns: Int) throws -> String {
    let weight = draws(name).glorot([model.width, columns], fanIn: model.width, fanOut: columns)
    return try builder.apply("MatMul", [value, builder.parameter("\(name).weight", weight, isTrainable: true)], name: name)
  }

  /// What keeps absent symbols out of every factor: `[batch, steps, 1, symbols]`, 0 or `absentBias`.
  private mutating func absence() throws -> String {
    let one = try builder.constant(Tensor(scalar: Float(1)), named: "absence.one")
    let scale = try builder.constant(Tensor(scalar: -absentBias), named: "absence.scale")
    let less = try builder.apply("Sub", [presence, one], name: "absence.less")
    return try builder.unsqueezed(builder.apply("Mul", [less, scale], name: "absence.bias"), axis: 2, name: "absence")
  }
}

extension GraphBuilder {
  /// A value with one more axis, of extent 1.
  fileprivate mutating func unsqueezed(_ value: String, axis: Int, name: String) throws -> String {
    try apply("Unsqueeze", [value, constant(Tensor([Int64(axis)]), named: "\(name).axis")], name: name)
  }
}
