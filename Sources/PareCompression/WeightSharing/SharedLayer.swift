import PareGraph
import PareTensor

/// A layer's weights while values are found for them.
struct SharedLayer {
  let layer: WeightTensor
  let form: SharedForm
  /// Row-major; shared once they are.
  var values: [Float]

  /// - Parameter vector: how many weights in a row share a value, halved until runs of one output, or one input where outputs lie
  ///   side by side, hold whole vectors.
  init(_ layer: WeightTensor, _ values: [Float], scope: WeightSharing.Scope, vector: Int) {
    self.layer = layer
    self.values = values
    let axis = layer.outputAxis
    let run = layer.shape.dimensions.dropFirst(axis + 1).reduce(1, *)
    var dimension = vector
    while (axis == layer.shape.rank - 1 ? layer.shape[axis] : run) % dimension != 0 { dimension /= 2 }
    if case .outputs(let count) = scope {
      form = .groups(TableGroups(axis: axis, size: count))
    } else {
      form = dimension > 1 ? .vectors(dimension) : .numbers
    }
  }

  /// Positions of the weights that share a table, table by table.
  var parts: [[Int]] {
    guard case .groups(let groups) = form else { return [Array(values.indices)] }
    let group = groups.group(in: layer.shape)
    var parts = [[Int]](repeating: [], count: groups.count(in: layer.shape))
    for position in values.indices { parts[group(position)].append(position) }
    return parts
  }

  var isConvolution: Bool { ["Conv", "ConvTranspose"].contains(layer.node.operatorName) }

  /// The smallest form of the weights: as indices, or as they are.
  var storage: ParameterStorage {
    .smallest(of: Tensor(values, shape: layer.shape), shared: form == .numbers ? [.numbers] : [.numbers, form])
  }

  /// - Parameter original: with the weights as they were.
  func report(against original: SharedLayer) -> LayerReport {
    let count: Int
    if case .vectors(let dimension) = form {
      count = Set(stride(from: 0, to: values.count, by: dimension).map { values[$0..<$0 + dimension].map(\.bitPattern) }).count
    } else {
      count = Set(values.map(\.bitPattern)).count
    }
    let storage = storage
    return LayerReport(
      layer: layer.label, outcome: "\(count) \(dimension == 1 ? "values" : "vectors of \(dimension)"), stored as \(storage.words)",
      weightError: ErrorMeasure(of: values.map { Double($0) }, against: original.values.map { Double($0) }),
      figures: ["values": Double(count), "bytes": Double(storage.byteCount)])
  }

  /// Weights that share a value.
  var dimension: Int {
    if case .vectors(let dimension) = form { dimension } else { 1 }
  }
}

extension WeightTensor {
  /// The axis along which outputs run: of a recurrent layer the rows of its gates.
  var outputAxis: Int {
    switch node.operatorName {
    case "Gemm": (try? node.int("transB", default: 0)) == 1 ? 0 : 1
    case "MatMul": shape.rank - 1
    case "Conv": 0
    default: 1
    }
  }
}
