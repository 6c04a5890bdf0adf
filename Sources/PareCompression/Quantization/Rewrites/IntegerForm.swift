import PareGraph
import PareTensor

/// How the rows of a weight matrix, which are its outputs, lie in the tensor that a graph holds.
enum IntegerOrder {
  /// The first axis is the outputs; what follows are the inputs.
  case byOutput
  /// `[inputs, outputs]`.
  case byInput
  /// `[directions, outputs of a direction, inputs]`.
  case byDirection
}

/// Integers of a weight matrix as a graph holds them: a parameter behind a DequantizeLinear, whose scales, with groups, come out
/// of another one.
struct IntegerForm {
  private let weights: IntegerWeights
  private let order: IntegerOrder
  private let shape: Shape
  let storage: ParameterStorage

  init(_ weights: IntegerWeights, shape: Shape, order: IntegerOrder) {
    self.weights = weights
    self.order = order
    self.shape = shape
    let grid = weights.grid
    let integers = Self.arranged(weights.integers, rows: grid.rows, columns: grid.columns, order)
    storage = ParameterStorage.smallest(of: grid.format.tensor(integers, shape: shape))
  }

  /// - Parameters:
  ///   - parameter: the name under which the integers are stored.
  ///   - weight: the stem of further names.
  func nodes(
    reading parameter: String, weight: String, in rewrite: inout QuantizationRewrite
  ) -> (nodes: [Node], real: String) {
    let grid = weights.grid
    let real = rewrite.names.fresh("\(weight).dq")
    var nodes: [Node] = []
    var attributes: [String: Attribute] = [:]
    let scale: String
    if grid.multipliers.isEmpty {
      scale = rewrite.constant(scales, "\(weight).scale")
      attributes = perOutput(grid, length: grid.columns)
    } else {
      let groups = grid.groupCount
      let multipliers = Tensor(
        Self.arranged(grid.multipliers, rows: grid.rows, columns: groups, order), shape: blockShape(groups))
      let integers = rewrite.constant(multipliers, "\(weight).multiplier")
      let rows = rewrite.constant(scales, "\(weight).scale")
      scale = rewrite.names.fresh("\(weight).scales")
      nodes.append(
        Node(
          "DequantizeLinear", name: scale, inputs: [integers, rows], outputs: [scale],
          attributes: perOutput(grid, length: groups)))
      attributes = ["axis": .int(inputAxis), "block_size": .int(grid.blockSize)]
    }
    var inputs = [parameter, scale]
    if let zeroPoint = zeroPoint { inputs.append(rewrite.constant(zeroPoint, "\(weight).zero")) }
    nodes.append(Node("DequantizeLinear", name: real, inputs: inputs, outputs: [real], attributes: attributes))
    return (nodes, real)
  }

  /// The axis along which the inputs of an output run.
  private var inputAxis: Int {
    switch order {
    case .byOutput: 1
    case .byInput: 0
    case .byDirection: 2
    }
  }

  /// With `count` elements in the place of the inputs.
  private func blockShape(_ count: Int) -> Shape {
    switch order {
    case .byOutput: [weights.grid.rows, count]
    case .byInput: [count, weights.grid.rows]
    case .byDirection: [shape[0], shape[1], count]
    }
  }

  /// One scale an output, where there is more than one: of a recurrent layer, whose outputs lie along two axes, as blocks
  /// of all inputs.
  private func perOutput(_ grid: WeightGrid, length: Int) -> [String: Attribute] {
    guard grid.granularity != .perTensor else { return [:] }
    switch order {
    case .byOutput: return ["axis": .int(0)]
    case .byInput: return ["axis": .int(1)]
    case .byDirection: return ["axis": .int(2), "block_size": .int(length)]
    }
  }

  private var scales: Tensor {
    let grid = weights.grid
    if grid.granularity == .perTensor { return Tensor(grid.scales, shape: []) }
    return Tensor(grid.scales, shape: order == .byDirection ? blockShape(1) : [grid.rows])
  }

  /// nil where it is 0, which is what DequantizeLinear takes without one.
  private var zeroPoint: Tensor? {
    let grid = weights.grid
    let format = grid.format
    var points = grid.zeroPoints
    if points.isEmpty {
      guard format.middle != 0 else { return nil }
      let blocks = grid.granularity == .perTensor ? 1 : grid.rows * (grid.multipliers.isEmpty ? 1 : grid.groupCount)
      points = [Int16](repeating: Int16(format.middle), count: blocks)
    }
    if grid.granularity == .perTensor { return format.tensor(points, shape: []) }
    if grid.multipliers.isEmpty {
      return format.tensor(points, shape: order == .byDirection ? blockShape(1) : [grid.rows])
    }
    return format.tensor(
      Self.arranged(points, rows: grid.rows, columns: grid.groupCount, order), shape: blockShape(grid.groupCount))
  }

  private static func arranged<Element>(_ values: [Element], rows: Int, columns: Int, _ order: IntegerOrder) -> [Element] {
    order == .byInput ? values.transposed(rows: rows) : values
  }
}
