import PareCompression
import PareGraph
import PareTensor
import PareTraining

/// Networks of other layers than dense ones, with random weights, and rows for them.
enum NetworkFixture {
  static func tensor(_ shape: Shape, scale: Double = 0.5, _ generator: inout SeededGenerator) -> Tensor {
    Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * scale) }, shape: shape)
  }

  /// `x [batch, 3, 8, 8]`: conv of 8 filters 3 × 3 with padding, Relu, conv of 6 filters 3 × 3, Relu, pool, dense to 4.
  static func convolutional(normalized: Bool = false) throws -> Model {
    var generator = SeededGenerator(seed: 21)
    var builder = GraphBuilder(name: "convolutional")
    let x = try builder.input("x", ValueType(.float32, ["batch", 3, 8, 8]))
    func parameter(_ name: String, _ shape: Shape, scale: Double = 0.4) throws -> String {
      try builder.parameter(name, tensor(shape, scale: scale, &generator), isTrainable: true)
    }
    var a = try builder.apply(
      "Conv", [x, parameter("w1", [8, 3, 3, 3]), parameter("b1", [8])], attributes: ["pads": .ints([1, 1, 1, 1])], name: "conv_0")
    if normalized {
      let positive = Tensor((0..<8).map { Float($0) * 0.3 + 0.2 })
      a = try builder.apply(
        "BatchNormalization",
        [a, builder.parameter("gamma", positive, isTrainable: true), parameter("beta", [8]), parameter("mean", [8]),
         builder.parameter("variance", positive, isTrainable: false)], name: "normalization")
    }
    let b = try builder.apply("Relu", [a], name: "relu_0")
    let c = try builder.apply("Conv", [b, parameter("w2", [6, 8, 3, 3], scale: 0.2), parameter("b2", [6])], name: "conv_1")
    let d = try builder.apply("Relu", [c], name: "relu_1")
    let e = try builder.apply(
      "MaxPool", [d], attributes: ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])], name: "pool")
    let f = try builder.apply("Flatten", [e], name: "flat")
    try builder.output(
      builder.apply(
        "Gemm", [f, parameter("w3", [4, 54], scale: 0.2), parameter("b3", [4])], attributes: ["transB": .int(1)], name: "dense",
        output: "y"))
    return Model(graph: builder.graph)
  }

  static func images(_ count: Int, seed: UInt64 = 22) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    return try TrainingData(["x": tensor([count, 3, 8, 8], scale: 1, &generator)])
  }

  /// `x [batch, 6, 16]`: layer normalization, queries, keys and values by MatMul, one head, a projection, dense to 3.
  static func attentive() throws -> Model {
    var generator = SeededGenerator(seed: 23)
    var builder = GraphBuilder(name: "attentive")
    let x = try builder.input("x", ValueType(.float32, ["batch", 6, 16]))
    func matrix(_ name: String, _ shape: Shape) throws -> String {
      try builder.parameter(name, tensor(shape, scale: 0.25, &generator), isTrainable: true)
    }
    // Two channels of the normalization reach far.
    let gamma = try builder.parameter("gamma", Tensor((0..<16).map { Float($0 % 8 == 3 ? 8 : 0.5) }), isTrainable: true)
    let beta = try builder.parameter("beta", Tensor((0..<16).map { Float($0) * 0.05 }), isTrainable: true)
    let n = try builder.apply("LayerNormalization", [x, gamma, beta], attributes: ["axis": .int(-1)], name: "norm")
    let q = try builder.apply("MatMul", [n, matrix("wq", [16, 16])], name: "query")
    let k = try builder.apply("MatMul", [n, matrix("wk", [16, 16])], name: "key")
    let v = try builder.apply("MatMul", [n, matrix("wv", [16, 16])], name: "value")
    let turned = try builder.apply("Transpose", [k], attributes: ["perm": .ints([0, 2, 1])], name: "turned")
    let scores = try builder.apply("MatMul", [q, turned], name: "scores")
    let scaled = try builder.apply("Mul", [scores, builder.constant(Tensor(scalar: Float(0.25)))], name: "scaled")
    let shares = try builder.apply("Softmax", [scaled], attributes: ["axis": .int(-1)], name: "shares")
    let mixed = try builder.apply("MatMul", [shares, v], name: "mixed")
    let o = try builder.apply("MatMul", [mixed, matrix("wo", [16, 16])], name: "projection")
    let flat = try builder.apply("Flatten", [o], name: "flat")
    try builder.output(
      builder.apply("Gemm", [flat, matrix("wd", [3, 96])], attributes: ["transB": .int(1)], name: "dense", output: "y"))
    return Model(graph: builder.graph)
  }

  static func sequences(_ count: Int, seed: UInt64 = 24) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    return try TrainingData(["x": tensor([count, 6, 16], scale: 1, &generator)])
  }

  /// `x [batch, 5, 4]` through an LSTM of 8 units to 3 numbers.
  static func recurrent() throws -> Model {
    var generator = SeededGenerator(seed: 25)
    var builder = GraphBuilder(name: "recurrent")
    let x = try builder.input("x", ValueType(.float32, ["batch", 5, 4]))
    let turned = try builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turned")
    func parameter(_ name: String, _ shape: Shape) throws -> String {
      try builder.parameter(name, tensor(shape, scale: 0.4, &generator), isTrainable: true)
    }
    try builder.append(
      Node(
        "LSTM", name: "lstm", inputs: [turned, parameter("w", [1, 32, 4]), parameter("r", [1, 32, 8]), parameter("b", [1, 64])],
        outputs: ["all", "state"], attributes: ["hidden_size": .int(8)]))
    let last = try builder.apply(
      "Squeeze", ["state", builder.constant(Tensor([Int64(0)]))], name: "last")
    try builder.output(
      builder.apply("Gemm", [last, parameter("wd", [3, 8])], attributes: ["transB": .int(1)], name: "dense", output: "y"))
    return Model(graph: builder.graph)
  }

  static func windows(_ count: Int, seed: UInt64 = 26) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    return try TrainingData(["x": tensor([count, 5, 4], scale: 1, &generator)])
  }

  /// What a graph yields for rows, value by value.
  static func output(_ graph: Graph, _ rows: TrainingData, of value: String = "y") throws -> [Double] {
    try Scorer(graph, outputs: [value]).values(rows)[value]?.doubles ?? []
  }
}
