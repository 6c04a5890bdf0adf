import PareGraph
import PareTensor

/// The channels along the axes of every value of a graph, and the parameters that belong to them.
///
/// Built by one walk over the nodes. An operator without a rule, or one to which the number of channels matters (a softmax or a
/// normalization over them), keeps all channels that reach it.
struct ChannelMap {
  typealias Channel = ChannelTable.Channel

  /// Where a layer reads channels: of this value, along this axis.
  struct Reading {
    let node: Node
    let value: String
    let axis: Int
    let channels: [Channel]
  }

  let graph: Graph
  let types: [String: ValueType]
  var table = ChannelTable()
  /// By value and axis.
  private(set) var channels: [String: [Int: [Channel]]] = [:]
  private(set) var readings: [Reading] = []

  init(_ graph: Graph) throws {
    self.graph = graph
    types = try graph.inferredTypes()
    for node in graph.nodes { walk(node) }
    for output in graph.outputs { freeze(output.name, "it is an output of the model") }
  }

  // MARK: what rules are made of

  func axes(of value: String) -> [Int: [Channel]] { channels[value] ?? [:] }

  mutating func set(_ value: String, _ axes: [Int: [Channel]]) {
    if !value.isEmpty, !axes.isEmpty { channels[value] = axes }
  }

  mutating func freeze(_ value: String, _ reason: String) {
    for channels in axes(of: value).values { table.freeze(channels, reason) }
  }

  mutating func freezeInputs(of node: Node, _ reason: String? = nil) {
    for input in node.inputs { freeze(input, reason ?? "\(node.operatorName) has no rule for taking channels out") }
  }

  mutating func read(_ node: Node, _ value: String, axis: Int, _ channels: [Channel]) {
    readings.append(Reading(node: node, value: value, axis: axis, channels: channels))
  }

  func extents(of value: String) -> [Dimension] { types[value]?.dimensions ?? [] }

  /// The shape of a parameter of floating-point numbers; nil for other values.
  func weightShape(_ name: String?) -> Shape? {
    guard let storage = name.flatMap({ graph.parameters[$0] })?.storage, storage.elementType == .float32 else { return nil }
    return storage.shape
  }

  /// Integers that are written out.
  func integers(_ name: String?) -> [Int]? {
    guard let storage = name.flatMap({ graph.parameters[$0] })?.storage, [.int64, .int32].contains(storage.elementType) else {
      return nil
    }
    let tensor = storage.decoded()
    return storage.elementType == .int64 ? tensor.values(as: Int64.self).map { Int($0) } : tensor.values(as: Int32.self).map { Int($0) }
  }

  // MARK: the walk

  private mutating func walk(_ node: Node) {
    switch node.operatorName {
    case "Gemm": gemm(node)
    case "MatMul": matrixProduct(node)
    case "Conv", "ConvTranspose": convolution(node)
    case "LSTM", "GRU", "RNN": recurrent(node)
    case "Gather": gather(node)
    case "BatchNormalization", "InstanceNormalization": channelNormalization(node)
    case "GroupNormalization": groupNormalization(node)
    case "LayerNormalization", "RMSNormalization": layerNormalization(node)
    case "MeanVarianceNormalization": overAxes(node, default: [0, 2, 3])
    case "LRN": overNeighbours(node)
    case "Softmax", "LogSoftmax", "Hardmax", "LpNormalization": overAxis(node, "a \(node.operatorName) goes over it")
    case "Attention": attention(node)
    case "RotaryEmbedding": rotaryEmbedding(node)
    case "Einsum": einsum(node)
    case "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "GlobalLpPool": pool(node)
    case "Reshape", "Flatten": reshape(node)
    case "Squeeze", "Unsqueeze": squeeze(node)
    case "Transpose": transpose(node)
    case "Concat": concatenate(node)
    case "Split": split(node)
    case "Slice": slice(node)
    case "Pad": pad(node)
    case "Expand": expand(node)
    case "Tile": tile(node)
    case "CumSum": cumulate(node)
    case let name where name.description.hasPrefix("Reduce"): reduce(node)
    case "Shape", "Size": break
    case let name where Self.unary.contains(name): unary(node)
    case let name where Self.broadcasting.contains(name): broadcast(node)
    default: freezeInputs(of: node)
    }
  }

  /// Element by element of the first input; what else they read says how.
  private static let unary: Set<OperatorName> = [
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Gelu", "Mish",
    "Swish", "ThresholdedRelu", "Exp", "Log", "Sqrt", "Abs", "Neg", "Erf", "Identity", "Cast", "Clip", "Reciprocal", "Dropout", "Sign",
    "Floor", "Ceil", "Round", "Shrink", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Not",
    "IsNaN", "IsInf",
  ]

  /// Element by element of inputs that are broadcast against each other.
  private static let broadcasting: Set<OperatorName> = [
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Mod", "PRelu", "Where", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
    "Equal", "And", "Or", "Xor",
  ]

  private mutating func unary(_ node: Node) {
    set(node.outputs[0], axes(of: node.inputs[0]))
    for output in node.outputs.dropFirst() { set(output, axes(of: node.inputs[0])) }
  }

  private mutating func broadcast(_ node: Node) {
    let rank = extents(of: node.outputs[0]).count
    var result: [Int: [Channel]] = [:]
    for axis in 0..<rank {
      // Inputs that are not repeated along this axis, with the axis as they count it.
      let reaching = node.inputs.filter { !$0.isEmpty }.compactMap { input -> (name: String, axis: Int)? in
        let dimensions = extents(of: input)
        let own = axis - (rank - dimensions.count)
        return own >= 0 && dimensions[own] != 1 ? (input, own) : nil
      }
      let tracked = reaching.compactMap { axes(of: $0.name)[$0.axis] }
      guard let first = tracked.first else { continue }
      for other in tracked.dropFirst() { table.join(first, other) }
      for (name, own) in reaching where axes(of: name)[own] == nil {
        if weightShape(name) != nil {
          table.tie(name, axis: own, first, .attendant)
        } else {
          table.freeze(first, "it meets '\(name)', which is not made by layers")
        }
      }
      result[axis] = first
    }
    set(node.outputs[0], result)
  }
}
