import PareTensor

extension Graph {
  /// The graph with attention that is spelled out, `softmax(Q · Kᵀ · scale + mask) · V`, as one Attention node each, which
  /// computes the same but for rounding.
  ///
  /// The scale may be a product or a quotient with a constant, on the scores or on queries and keys; a mask is added to
  /// the scores. Where the heads were split off and are put together again by transposing, that is taken in too. Nothing
  /// is taken in that another node reads or that is an output.
  ///
  /// - Parameter kept: values that have to stay.
  package func fusingAttention(keeping kept: Set<String> = []) throws -> Graph {
    guard nodes.contains(where: { $0.operatorName == "Softmax" }) else { return self }
    var fusion = try AttentionFusion(self, keeping: kept)
    return fusion.run()
  }
}

/// The search for attention that is spelled out, and what replaces it.
private struct AttentionFusion {
  /// An attention as it was found.
  private struct Match {
    var q: String
    var k: String
    var v: String
    var mask: String?
    var scale: Double
    /// The nodes that it replaces, by name; the last yields `output`.
    var nodes: [String]
    var output: String
    /// How many heads lie side by side in what queries, keys and values are transpositions of; nil where they do not.
    var mergedHeads: Int?
    /// Whether the output is transposed so that they do again.
    var joins = false
  }

  private let graph: Graph
  private let types: [String: ValueType]
  private let producers: [String: Node]
  private let users: [String: [Node]]
  private let kept: Set<String>
  private var taken: Set<String>
  private var parameters: [(String, Parameter)] = []

  init(_ graph: Graph, keeping kept: Set<String>) throws {
    self.graph = graph
    types = try graph.inference().types
    var producers: [String: Node] = [:]
    var users: [String: [Node]] = [:]
    for node in graph.nodes {
      for output in node.outputs { producers[output] = node }
      for input in node.inputs { users[input, default: []].append(node) }
    }
    self.producers = producers
    self.users = users
    self.kept = kept.union(graph.outputs.map(\.name))
    taken = Set(types.keys).union(graph.nodes.map(\.name))
  }

  mutating func run() -> Graph {
    var replacements: [String: [Node]] = [:]
    var replaced: Set<String> = []
    for node in graph.nodes where node.operatorName == "Softmax" {
      guard let match = match(softmax: node), let last = match.nodes.last else { continue }
      replacements[last] = replacement(match)
      replaced.formUnion(match.nodes)
    }
    guard !replacements.isEmpty else { return graph }
    var result = graph
    result.nodes = graph.nodes.flatMap { node in
      replacements[node.name] ?? (replaced.contains(node.name) ? [] : [node])
    }
    for (name, parameter) in parameters { result.parameters[name] = parameter }
    return result
  }

  // MARK: - Finding

  /// The one node that reads a value, where nothing else needs it.
  private func onlyUser(of value: String) -> Node? {
    guard !kept.contains(value), let users = users[value], users.count == 1 else { return nil }
    return users[0]
  }

  /// The node that makes a value for one reader alone.
  private func ownProducer(of value: String, _ operators: Set<OperatorName>) -> Node? {
    guard let node = producers[value], operators.contains(node.operatorName), onlyUser(of: value) != nil else { return nil }
    return node
  }

  private func match(softmax: Node) -> Match? {
    guard let scores = softmax.input(0), let type = types[scores], [3, 4].contains(type.rank), type.elementType.isFloatingPoint,
      let axis = try? softmax.axis(default: -1, rank: type.rank), axis == type.rank - 1,
      let product = onlyUser(of: softmax.outputs[0]), product.operatorName == "MatMul",
      product.inputs[0] == softmax.outputs[0], let output = product.outputs.first
    else { return nil }
    var nodes: [String] = []
    var value = scores
    var mask: String?
    if let add = ownProducer(of: value, ["Add"]) {
      guard let side = (0...1).first(where: { isScore(add.inputs[$0]) }), isMask(add.inputs[1 - side], of: type) else { return nil }
      (value, mask) = (add.inputs[side], add.inputs[1 - side])
      nodes.append(add.name)
    }
    var scale = 1.0
    if let (node, source, factor) = scaled(value) {
      (value, scale) = (source, factor)
      nodes.append(node)
    }
    guard let matmul = ownProducer(of: value, ["MatMul"]) else { return nil }
    var sides = matmul.inputs
    for side in 0...1 {
      guard let (node, source, factor) = scaled(sides[side]) else { continue }
      sides[side] = source
      scale *= factor
      nodes.append(node)
    }
    var match = Match(
      q: sides[0], k: sides[1], v: product.inputs[1], mask: mask, scale: scale,
      nodes: nodes + [matmul.name, softmax.name, product.name], output: output)
    guard fits(match, scores: type) else { return nil }
    match.mergedHeads = mergedHeads(match)
    if match.mergedHeads != nil, let join = onlyUser(of: output), transposed(join.outputs[0])?.order == Self.exchanged {
      match.joins = true
      match.nodes.append(join.name)
      match.output = join.outputs[0]
    }
    return match
  }

  /// Rows and heads in each other's place.
  private static let exchanged = [0, 2, 1, 3]

  private func mergedHeads(_ match: Match) -> Int? {
    guard transposed(match.q)?.order == Self.exchanged, transposed(match.v)?.order == Self.exchanged,
      transposed(match.k)?.order == [0, 2, 3, 1]
    else { return nil }
    return types[match.q]?.dimensions[1].fixedValue
  }

  /// Whether a value is a product of matrices, scaled or not.
  private func isScore(_ value: String) -> Bool {
    ownProducer(of: scaled(value)?.source ?? value, ["MatMul"]) != nil
  }

  /// A value that is another times a constant number.
  private func scaled(_ value: String) -> (node: String, source: String, factor: Double)? {
    guard let node = ownProducer(of: value, ["Mul", "Div"]) else { return nil }
    for side in node.operatorName == "Mul" ? [1, 0] : [1] {
      guard let parameter = graph.parameters[node.inputs[side]], !parameter.isTrainable,
        parameter.storage.shape.elementCount == 1, let factor = parameter.storage.decoded().doubles.first, factor > 0,
        types[node.inputs[1 - side]] == types[value]
      else { continue }
      return (node.name, node.inputs[1 - side], node.operatorName == "Mul" ? factor : 1 / factor)
    }
    return nil
  }

  private func isMask(_ value: String, of scores: ValueType) -> Bool {
    guard let type = types[value], type.dimensions.last == scores.dimensions.last else { return false }
    return type.elementType == scores.elementType
      && ValueType.broadcast(type.dimensions, scores.dimensions) == scores.dimensions
      && (scores.rank == 4 || type.rank <= 2)
  }

  /// Whether the operands are stacked alike: MatMul broadcasts stacks, Attention does not.
  private func fits(_ match: Match, scores: ValueType) -> Bool {
    guard let q = types[match.q], let k = types[match.k], let v = types[match.v], q.rank == scores.rank, k.rank == q.rank,
      v.rank == q.rank
    else { return false }
    let stack = q.dimensions.dropLast(2)
    return k.dimensions.dropLast(2) == stack && v.dimensions.dropLast(2) == stack
      && q.dimensions[q.rank - 1].fixedValue != nil && v.dimensions[v.rank - 1].fixedValue != nil
  }

  // MARK: - Replacing

  private mutating func replacement(_ match: Match) -> [Node] {
    guard let rank = types[match.q]?.rank else { return [] }
    var attributes: [String: Attribute] = ["scale": .float(match.scale)]
    let inputs = { (operands: [String]) in operands + (match.mask.map { [$0] } ?? []) }
    var result: [Node] = []
    if rank == 3 {
      attributes["q_num_heads"] = .int(1)
      attributes["kv_num_heads"] = .int(1)
      let k = keys(match.k, &result)
      result.append(node("Attention", inputs([match.q, k, match.v]), output: match.output, attributes))
      return result
    }
    if let heads = match.mergedHeads {
      // The heads lie side by side as they came: neither operands nor result need to be moved.
      attributes["q_num_heads"] = .int(heads)
      attributes["kv_num_heads"] = .int(heads)
      let shape = constant([0, 0, -1])
      let operands = [match.q, match.k, match.v].compactMap { transposed($0)?.source }.map { source in
        let reshaped = node("Reshape", [source, shape], output: fresh(source))
        result.append(reshaped)
        return reshaped.outputs[0]
      }
      let merged = fresh(match.output)
      result.append(node("Attention", inputs(operands), output: merged, attributes))
      let size = types[match.v]?.dimensions[3].fixedValue ?? 0
      let apart = match.joins ? match.output : fresh(match.output)
      result.append(node("Reshape", [merged, constant([0, 0, heads, size])], output: apart))
      if !match.joins { result.append(node("Transpose", [apart], output: match.output, ["perm": .ints(Self.exchanged)])) }
      return result
    }
    let k = keys(match.k, &result)
    result.append(node("Attention", inputs([match.q, k, match.v]), output: match.output, attributes))
    return result
  }

  /// What a value is a transposition of.
  private func transposed(_ value: String) -> (source: String, order: [Int])? {
    guard let node = producers[value], node.operatorName == "Transpose", let rank = types[value]?.rank,
      let order = try? Transpose.permutation(node, rank: rank)
    else { return nil }
    return (node.inputs[0], order)
  }

  /// Keys by row, from keys by column.
  private mutating func keys(_ value: String, _ nodes: inout [Node]) -> String {
    let rank = types[value]?.rank ?? 4
    var order = Array(0..<rank)
    var source = value
    if let transposition = transposed(value) { (source, order) = transposition }
    order.swapAt(rank - 2, rank - 1)
    guard order != Array(0..<rank) else { return source }
    let transpose = node("Transpose", [source], output: fresh(value), ["perm": .ints(order)])
    nodes.append(transpose)
    return transpose.outputs[0]
  }

  private mutating func node(
    _ operatorName: OperatorName, _ inputs: [String], output: String, _ attributes: [String: Attribute] = [:]
  ) -> Node {
    Node(operatorName, name: fresh(output), inputs: inputs, outputs: [output], attributes: attributes)
  }

  private mutating func constant(_ values: [Int]) -> String {
    let name = fresh("shape")
    parameters.append((name, Parameter(ParameterStorage(Tensor(values.map(Int64.init))), isTrainable: false)))
    return name
  }

  /// A name that nothing has.
  private mutating func fresh(_ stem: String) -> String {
    var count = 1
    while taken.contains("\(stem).\(count)") { count += 1 }
    taken.insert("\(stem).\(count)")
    return "\(stem).\(count)"
  }
}
