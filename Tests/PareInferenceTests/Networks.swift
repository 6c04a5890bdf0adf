import PareGraph
import PareTensor
import Testing

/// Networks as exporters write them, with weights drawn from a seed.
struct Network: Sendable, CustomTestStringConvertible {
  let name: String
  let build: @Sendable () throws -> Graph
  /// Extents of the only input, batch 1 left out.
  let input: [Int]

  var testDescription: String { name }
  var featureCount: Int { input.reduce(1, *) }

  func features(seed: UInt64 = 5) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<featureCount).map { _ in Float(generator.normal()) }
  }

  static let all: [Network] = [
    Network(name: "mlp-batch-norm", build: mlpBatchNorm, input: [20]),
    Network(name: "cnn-1d", build: cnn1d, input: [20, 100]),
    Network(name: "tcn", build: tcn, input: [20, 64]),
    Network(name: "transformer", build: transformer, input: [50, 20]),
    Network(name: "deeplob-convolutions", build: deepLOB, input: [1, 50, 40]),
    Network(name: "graph-attention", build: graphAttention, input: [30, 16]),
  ]

  @Sendable private static func mlpBatchNorm() throws -> Graph {
    var layers = try Layers("mlp-batch-norm", input: [20])
    for (inputs, outputs) in [(20, 64), (64, 32)] {
      try layers.gemm(inputs, outputs)
      try layers.batchNorm(outputs)
      try layers.apply("Relu")
    }
    try layers.gemm(32, 3)
    return try layers.finish()
  }

  @Sendable private static func cnn1d() throws -> Graph {
    var layers = try Layers("cnn-1d", input: [20, 100])
    try layers.conv([32, 20, 5], ["pads": .ints([2, 2])])
    try layers.batchNorm(32)
    try layers.apply("Relu")
    try layers.apply("MaxPool", ["kernel_shape": .ints([2]), "strides": .ints([2])])
    try layers.conv([32, 32, 3], ["pads": .ints([1, 1]), "strides": .ints([2])])
    try layers.apply("Gelu")
    try layers.conv([32, 8, 3], ["group": .int(4), "dilations": .ints([2])])
    let gate = try layers.builder.apply("Sigmoid", [layers.value])
    layers.value = try layers.builder.apply("Mul", [layers.value, gate])
    try layers.apply("GlobalAveragePool")
    try layers.apply("Flatten")
    try layers.gemm(32, 3)
    return try layers.finish()
  }

  @Sendable private static func tcn() throws -> Graph {
    var layers = try Layers("tcn", input: [20, 64])
    for (index, dilation) in [1, 2, 4, 8].enumerated() {
      let skip = layers.value
      for inputs in [index == 0 ? 20 : 32, 32] {
        if index % 2 == 0 {
          try layers.conv([32, inputs, 3], ["dilations": .ints([dilation]), "pads": .ints([2 * dilation, 0])])
        } else {
          let pads = try layers.builder.constant(Tensor([Int64(0), 0, Int64(2 * dilation), 0, 0, 0]))
          layers.value = try layers.builder.apply("Pad", [layers.value, pads])
          try layers.conv([32, inputs, 3], ["dilations": .ints([dilation])])
        }
        try layers.apply("Relu")
      }
      let main = layers.value
      layers.value = skip
      if index == 0 { try layers.conv([32, 20, 1], [:]) }
      layers.value = try layers.builder.apply("Add", [main, layers.value])
      try layers.apply("Relu")
    }
    let last = try layers.builder.constant(Tensor(scalar: Int64(-1)))
    layers.value = try layers.builder.apply("Gather", [layers.value, last], attributes: ["axis": .int(2)])
    try layers.gemm(32, 3)
    return try layers.finish()
  }

  @Sendable private static func transformer() throws -> Graph {
    var layers = try Layers("transformer", input: [50, 20])
    try layers.matMul(20, 64)
    try layers.add(layers.random([1, 50, 64], scale: 0.5))
    for _ in 0..<2 {
      let skip = layers.value
      try layers.apply("Transpose", ["perm": .ints([1, 0, 2])])
      try layers.matMul(64, 192)
      try layers.reshape([50, 1, 3, 64])
      layers.value = try layers.builder.apply("Unsqueeze", [layers.value, layers.builder.constant(Tensor([Int64(0)]))])
      try layers.apply("Transpose", ["perm": .ints([3, 1, 2, 0, 4])])
      layers.value = try layers.builder.apply("Squeeze", [layers.value, layers.builder.constant(Tensor([Int64(3)]))])
      let packed = layers.value
      var heads: [String] = []
      for part in 0..<3 {
        layers.value = try layers.builder.apply(
          "Gather", [packed, layers.builder.constant(Tensor(scalar: Int64(part)))], attributes: ["axis": .int(0)])
        try layers.reshape([50, 4, 16])
        try layers.apply("Transpose", ["perm": .ints([1, 0, 2])])
        try layers.reshape([1, 4, 50, 16])
        if part == 1 { try layers.apply("Transpose", ["perm": .ints([0, 1, 3, 2])]) }
        if part < 2 {
          layers.value = try layers.builder.apply("Mul", [layers.value, layers.builder.constant(Tensor([Float(0.5)]))])
        }
        heads.append(layers.value)
      }
      let scores = try layers.builder.apply("MatMul", [heads[0], heads[1]])
      let weights = try layers.builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)])
      layers.value = try layers.builder.apply("MatMul", [weights, heads[2]])
      try layers.apply("Transpose", ["perm": .ints([2, 0, 1, 3])])
      try layers.reshape([50, 64])
      try layers.gemm(64, 64)
      try layers.reshape([50, 1, 64])
      try layers.apply("Transpose", ["perm": .ints([1, 0, 2])])
      layers.value = try layers.builder.apply("Add", [layers.value, skip])
      try layers.layerNorm(64)
      let inner = layers.value
      try layers.matMul(64, 128)
      try layers.apply("Gelu")
      try layers.matMul(128, 64)
      layers.value = try layers.builder.apply("Add", [inner, layers.value])
      try layers.layerNorm(64)
    }
    layers.value = try layers.builder.apply(
      "ReduceMean", [layers.value, layers.builder.constant(Tensor([Int64(1)]))], attributes: ["keepdims": .int(0)])
    try layers.gemm(64, 3)
    return try layers.finish()
  }

  /// The convolutional part; the recurrent one is a step of its own.
  @Sendable private static func deepLOB() throws -> Graph {
    var layers = try Layers("deeplob-convolutions", input: [1, 50, 40])
    func leaky(_ layers: inout Layers) throws { try layers.apply("LeakyRelu", ["alpha": .float(0.01)]) }
    for (channels, width, stride) in [(1, 2, 2), (8, 2, 2), (8, 10, 1)] {
      try layers.conv([8, channels, 1, width], ["strides": .ints([1, stride])])
      try leaky(&layers)
      for _ in 0..<2 {
        try layers.conv([8, 8, 4, 1], ["auto_pad": .string("SAME_UPPER")])
        try leaky(&layers)
      }
    }
    let trunk = layers.value
    var branches: [String] = []
    for height in [3, 5, 1] {
      layers.value = trunk
      if height == 1 {
        try layers.apply(
          "MaxPool", ["kernel_shape": .ints([3, 1]), "strides": .ints([1, 1]), "pads": .ints([1, 0, 1, 0])])
        try layers.conv([16, 8, 1, 1], [:])
      } else {
        try layers.conv([16, 8, 1, 1], [:])
        try leaky(&layers)
        try layers.conv([16, 16, height, 1], ["pads": .ints([height / 2, 0, height / 2, 0])])
      }
      try leaky(&layers)
      branches.append(layers.value)
    }
    layers.value = try layers.builder.apply("Concat", branches, attributes: ["axis": .int(1)])
    layers.value = try layers.builder.apply("Squeeze", [layers.value, layers.builder.constant(Tensor([Int64(3)]))])
    try layers.apply("Transpose", ["perm": .ints([0, 2, 1])])
    layers.value = try layers.builder.apply(
      "Gather", [layers.value, layers.builder.constant(Tensor(scalar: Int64(-1)))], attributes: ["axis": .int(1)])
    try layers.gemm(48, 3)
    return try layers.finish()
  }

  @Sendable private static func graphAttention() throws -> Graph {
    var layers = try Layers("graph-attention", input: [30, 16])
    try layers.reshape([30, 16])
    try layers.gemm(16, 64)
    try layers.reshape([1, 30, 4, 16])
    let nodes = layers.value
    var scores: [String] = []
    for axis in [3, 2] {
      let vector = try layers.random([4, 16])
      let score = try layers.builder.apply("Einsum", [nodes, vector], attributes: ["equation": .string("bnhw,hw->bhn")])
      scores.append(try layers.builder.apply("Unsqueeze", [score, layers.builder.constant(Tensor([Int64(axis)]))]))
    }
    layers.value = try layers.builder.apply("Add", scores)
    try layers.apply("LeakyRelu", ["alpha": .float(0.2)])
    let edges = Tensor((0..<900).map { $0 % 31 != 0 && $0 % 7 == 3 }, shape: [30, 30])
    layers.value = try layers.builder.apply(
      "Where", [layers.builder.constant(edges), layers.builder.constant(Tensor(scalar: Float(-1e9))), layers.value])
    try layers.apply("Softmax", ["axis": .int(-1)])
    let values = try layers.builder.apply("Transpose", [nodes], attributes: ["perm": .ints([0, 2, 1, 3])])
    layers.value = try layers.builder.apply("MatMul", [layers.value, values])
    try layers.apply("Transpose", ["perm": .ints([0, 2, 1, 3])])
    try layers.reshape([1, 30, 64])
    try layers.apply("Elu")
    try layers.layerNorm(64)
    try layers.matMul(64, 1)
    layers.value = try layers.builder.apply("Squeeze", [layers.value, layers.builder.constant(Tensor([Int64(2)]))])
    return try layers.finish()
  }
}

/// A graph that grows at its end.
struct Layers {
  var builder: GraphBuilder
  var value: String
  private var generator = SeededGenerator(seed: 9)

  init(_ name: String, input: [Int]) throws {
    builder = GraphBuilder(name: name)
    value = try builder.input("features", ValueType(.float32, [1] + input.map { .fixed($0) }))
  }

  mutating func random(_ shape: Shape, scale: Double? = nil, offset: Double = 0) throws -> String {
    let fan = Double(max(1, shape.elementCount / max(1, shape.dimensions.first ?? 1)))
    let spread = scale ?? (1 / fan).squareRoot()
    let values = (0..<shape.elementCount).map { _ in Float(offset + spread * generator.normal()) }
    return try builder.parameter(builder.freshValueName("w"), Tensor(values, shape: shape), isTrainable: true)
  }

  mutating func apply(_ name: OperatorName, _ attributes: [String: Attribute] = [:]) throws {
    value = try builder.apply(name, [value], attributes: attributes)
  }

  mutating func add(_ other: String) throws { value = try builder.apply("Add", [value, other]) }

  mutating func gemm(_ inputs: Int, _ outputs: Int) throws {
    value = try builder.apply(
      "Gemm", [value, random([outputs, inputs]), random([outputs], scale: 0.1)], attributes: ["transB": .int(1)])
  }

  mutating func matMul(_ inputs: Int, _ outputs: Int) throws {
    let spread = 1 / Double(inputs).squareRoot()
    value = try builder.apply("MatMul", [value, random([inputs, outputs], scale: spread)])
    value = try builder.apply("Add", [value, random([outputs], scale: 0.1)])
  }

  mutating func conv(_ shape: Shape, _ attributes: [String: Attribute]) throws {
    value = try builder.apply(
      "Conv", [value, random(shape), random([shape[0]], scale: 0.1)], attributes: attributes)
  }

  mutating func batchNorm(_ channels: Int) throws {
    let variance = Tensor((0..<channels).map { Float(0.3 + Double($0 % 7) / 5) })
    value = try builder.apply(
      "BatchNormalization",
      [
        value, random([channels], scale: 0.2, offset: 1), random([channels], scale: 0.2), random([channels], scale: 0.3),
        builder.constant(variance),
      ])
  }

  mutating func layerNorm(_ width: Int) throws {
    value = try builder.apply(
      "LayerNormalization", [value, random([width], scale: 0.1, offset: 1), random([width], scale: 0.1)])
  }

  mutating func reshape(_ shape: [Int]) throws {
    value = try builder.apply("Reshape", [value, builder.constant(Tensor(shape.map { Int64($0) }))])
  }

  mutating func finish() throws -> Graph {
    try builder.output(value)
    return builder.graph
  }
}
