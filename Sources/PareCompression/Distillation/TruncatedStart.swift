import PareGraph
import PareLinearAlgebra
import PareTensor

/// First weights of a smaller network from those of a larger one.
///
/// The larger network's layer, with weights `W [n, k]`, is seen along the `m` directions of its outputs that carry most of it: the rows of
/// `R [m, n]` are the first left singular vectors of `W·Qᵀ`, where Q are the directions of the layer before (the identity at the inputs).
/// The smaller network begins with `R·W·Qᵀ` and `R·b`; its scores are the larger one's, taken as they are. Where it has fewer layers, each
/// of its layers stands for some that follow each other, as if nothing were between them. Directions are turned so that a unit is mostly
/// positive, since the function between layers cuts off the rest.
///
/// - Source: Eckart and Young 1936, doi:10.1007/BF02288367, layer by layer; what the activation does is left out.
struct TruncatedStart {
  let teacher: Graph

  /// The student with first weights of the teacher.
  ///
  /// - Returns: nil where the two do not fit: other inputs or scores, more layers, or layers that are wider than the teacher's.
  /// - Throws: `LinearAlgebraError` where no library is there.
  func applied(to student: Graph) throws -> Graph? {
    let (from, to) = (trainable(teacher), trainable(student))
    guard let first = from.first, let last = from.last, to.count <= from.count, first.inputCount == to.first?.inputCount,
      last.outputCount == to.last?.outputCount
    else { return nil }
    var graph = student
    var basis: [[Double]]?
    var begin = 0
    for (index, layer) in to.enumerated() {
      let end = to.count == 1 ? from.count - 1 : index * (from.count - 1) / (to.count - 1)
      let isLast = index == to.count - 1
      guard var map = LayerMap(from[begin...end], of: teacher), isLast || layer.outputCount <= map.weight.count else { return nil }
      if let basis { map = map.seeing(basis) }
      if !isLast {
        let directions = try map.directions(layer.outputCount, name: layer.weight)
        map = map.seen(along: directions)
        basis = directions
      }
      map.put(into: layer, &graph)
      begin = end + 1
    }
    return graph
  }

  private func trainable(_ graph: Graph) -> [LinearLayer] {
    graph.linearLayers.filter { graph.parameters[$0.weight]?.isTrainable ?? false }
  }
}

/// `y = W·x + b`.
private struct LayerMap {
  /// A row for each output.
  private(set) var weight: [[Double]]
  private(set) var bias: [Double]

  private init(weight: [[Double]], bias: [Double]) {
    (self.weight, self.bias) = (weight, bias)
  }

  /// Layers one after another without a function between them; nil where one does not follow the other.
  init?(_ layers: ArraySlice<LinearLayer>, of graph: Graph) {
    var map: LayerMap?
    for layer in layers {
      guard let own = LayerMap(layer, of: graph) else { return nil }
      guard let before = map else {
        map = own
        continue
      }
      guard own.weight.first?.count == before.weight.count else { return nil }
      map = LayerMap(
        weight: own.weight.map { Self.combination($0, of: before.weight) },
        bias: zip(own.weight, own.bias).map { Self.dot($0, before.bias) + $1 })
    }
    guard let map else { return nil }
    self = map
  }

  private init?(_ layer: LinearLayer, of graph: Graph) {
    guard let values = graph.parameters[layer.weight]?.storage.decoded().doubles else { return nil }
    let (outputs, inputs) = (layer.outputCount, layer.inputCount)
    weight = (0..<outputs).map { output in
      (0..<inputs).map { layer.outputAxis == 0 ? values[output * inputs + $0] : values[$0 * outputs + output] }
    }
    let own = layer.bias.flatMap { graph.parameters[$0]?.storage.decoded() }
    bias = own.flatMap { $0.elementCount == outputs ? $0.doubles : nil } ?? [Double](repeating: 0, count: outputs)
  }

  /// The map of inputs that are given along some directions of them.
  func seeing(_ basis: [[Double]]) -> LayerMap {
    LayerMap(weight: weight.map { row in basis.map { Self.dot($0, row) } }, bias: bias)
  }

  /// The map whose outputs are those along some directions.
  func seen(along directions: [[Double]]) -> LayerMap {
    LayerMap(weight: directions.map { Self.combination($0, of: weight) }, bias: directions.map { Self.dot($0, bias) })
  }

  /// The directions of the outputs that carry most of the weights; beyond their rank single outputs.
  func directions(_ count: Int, name: String) throws -> [[Double]] {
    let matrix = Tensor(weight.flatMap { $0 }, shape: [weight.count, weight.first?.count ?? 0])
    let vectors = try SingularValueDecomposition(matrix, name: name).leftVectors
    let (values, rank) = (vectors.doubles, vectors.shape[1])
    return (0..<count).map { direction in
      guard direction < rank else { return weight.indices.map { $0 == direction ? 1 : 0 } }
      let column = weight.indices.map { values[$0 * rank + direction] }
      return column.reduce(0, +) < 0 ? column.map { -$0 } : column
    }
  }

  func put(into layer: LinearLayer, _ graph: inout Graph) {
    let (outputs, inputs) = (layer.outputCount, layer.inputCount)
    var values = [Float](repeating: 0, count: outputs * inputs)
    for output in 0..<outputs {
      for input in 0..<inputs {
        values[layer.outputAxis == 0 ? output * inputs + input : input * outputs + output] = Float(weight[output][input])
      }
    }
    graph.parameters[layer.weight]?.storage = ParameterStorage(Tensor(values, shape: layer.shape))
    guard let name = layer.bias, let shape = graph.parameters[name]?.storage.shape, shape.elementCount == outputs else { return }
    graph.parameters[name]?.storage = ParameterStorage(Tensor(bias.map { Float($0) }, shape: shape))
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

  /// `Σ aᵢ · rowᵢ`.
  private static func combination(_ weights: [Double], of rows: [[Double]]) -> [Double] {
    var sum = [Double](repeating: 0, count: rows.first?.count ?? 0)
    for (weight, row) in zip(weights, rows) where weight != 0 {
      for column in sum.indices { sum[column] += weight * row[column] }
    }
    return sum
  }
}
