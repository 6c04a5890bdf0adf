import PareGraph
import PareInference
import PareTensor
import Testing

/// Models over a window that are asked with every new row.
struct WindowedNetwork: Sendable, CustomTestStringConvertible {
  let name: String
  /// The input's extents, batch included, and its axis of time.
  let shape: [Int]
  let axis: Int
  /// Whether all that matters is integers, so that pieces equal the whole to the bit.
  var isExact = false
  /// Whether the plan keeps anything but rows of the input; where not, its axis of time is given.
  var keepsSomething = true
  let build: @Sendable () throws -> Graph

  var testDescription: String { name }
  var steps: Int { shape[axis] }
  var width: Int { shape.reduce(1, *) / steps }

  func plan(_ kernels: KernelSelection? = nil) throws -> SequencePlan {
    try SequencePlan(build(), timeAxis: keepsSomething ? nil : axis, kernels: kernels)
  }

  /// Rows of features, one after the other.
  func rows(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "rows")
    return (0..<count * width).map { _ in Float(generator.normal()) }
  }

  /// A window of rows as the model's input has it.
  func layout(_ rows: ArraySlice<Float>) -> [Float] {
    let rows = Array(rows)
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    return (0..<outer).flatMap { block in
      (0..<steps).flatMap { step in (0..<inner).map { rows[step * width + block * inner + $0] } }
    }
  }

  static func named(_ name: String) throws -> WindowedNetwork { try #require(all.first { $0.name == name }) }

  static let all: [WindowedNetwork] = [
    exported("cnn-1d", axis: 2), exported("tcn", axis: 2), exported("transformer", axis: 1),
    exported("deeplob-convolutions", axis: 2), exported("graph-attention", axis: 1),
    WindowedNetwork(name: "flattened", shape: [1, 9, 12], axis: 2) { try flattened() },
    WindowedNetwork(name: "causal-attention", shape: [1, 12, 16], axis: 1) { try causalAttention(steps: 12, width: 16) },
    WindowedNetwork(name: "banded-attention", shape: [1, 14, 16], axis: 1) {
      try causalAttention(steps: 14, width: 16, left: 3)
    },
    // The transformer's layers with a causal mask.
    WindowedNetwork(name: "causal-transformer", shape: [1, 50, 64], axis: 1) { try causalAttention(steps: 50, width: 64) },
    WindowedNetwork(name: "lstm-attention", shape: [1, 15, 10], axis: 1) { try recurrentAttention("LSTM") },
    WindowedNetwork(name: "gru-attention", shape: [1, 15, 10], axis: 1) { try recurrentAttention("GRU") },
    WindowedNetwork(name: "pools", shape: [1, 6, 21], axis: 2) { try pools() },
    WindowedNetwork(name: "integer-tcn", shape: [1, 5, 20], axis: 2, isExact: true) {
      try integerConvolutions(steps: 20, flattens: false)
    },
    WindowedNetwork(name: "integer-short-tcn", shape: [1, 5, 9], axis: 2, isExact: true) {
      try integerConvolutions(steps: 9, flattens: false)
    },
    // The TCN's convolutions in INT8.
    WindowedNetwork(name: "integer-tcn-64", shape: [1, 20, 64], axis: 2, isExact: true) {
      try integerConvolutions(
        features: 20, steps: 64, layers: [1, 1, 2, 2, 4, 4, 8, 8].map { (32, $0) }, flattens: false)
    },
    WindowedNetwork(name: "integer-flattened", shape: [1, 5, 20], axis: 2, isExact: true) {
      try integerConvolutions(steps: 20, flattens: true)
    },
    WindowedNetwork(name: "integer-rows", shape: [1, 11, 6], axis: 1, isExact: true) { try integerRows() },
    WindowedNetwork(name: "softmax-first", shape: [1, 8, 6], axis: 1, keepsSomething: false) { try mixed() },
  ]

  private static func exported(_ name: String, axis: Int) -> WindowedNetwork {
    let network = Network.all.first { $0.name == name }
    return WindowedNetwork(name: name, shape: [1] + (network?.input ?? []), axis: axis) { try #require(network).build() }
  }

  private static func flattened() throws -> Graph {
    var layers = try Layers("flattened", input: [9, 12])
    try layers.conv([7, 9, 3], ["pads": .ints([1, 1])])
    try layers.apply("Relu")
    try layers.apply("Flatten")
    try layers.gemm(7 * 12, 10)
    try layers.apply("Relu")
    try layers.gemm(10, 3)
    return try layers.finish()
  }

  /// Two layers of attention in which no row sees a later one; the answer is made of the last row.
  private static func causalAttention(steps: Int, width: Int, left: Int? = nil) throws -> Graph {
    var layers = try Layers("causal", input: [steps, width])
    for _ in 0..<2 {
      let x = layers.value
      var operands: [String] = []
      for _ in 0..<3 {
        layers.value = x
        try layers.matMul(width, width)
        operands.append(layers.value)
      }
      var attributes: [String: Attribute] = ["q_num_heads": .int(4), "kv_num_heads": .int(4), "is_causal": .int(1)]
      if let left { attributes["left_window_size"] = .int(left) }
      layers.value = try layers.builder.apply("Attention", operands, attributes: attributes)
      try layers.add(x)
      try layers.layerNorm(width)
      let inner = layers.value
      try layers.matMul(width, 2 * width)
      try layers.apply("Gelu")
      try layers.matMul(2 * width, width)
      try layers.add(inner)
      try layers.layerNorm(width)
    }
    let last = try layers.builder.constant(Tensor(scalar: Int64(-1)))
    layers.value = try layers.builder.apply("Gather", [layers.value, last], attributes: ["axis": .int(1)])
    try layers.gemm(width, 3)
    return try layers.finish()
  }

  /// A recurrent layer whose outputs are weighted by a learned score of each.
  private static func recurrentAttention(_ name: OperatorName) throws -> Graph {
    var layers = try Layers("recurrent-attention", input: [15, 10])
    let gates = name == "LSTM" ? 4 : 3
    try layers.apply("Transpose", ["perm": .ints([1, 0, 2])])
    let operands = try [
      layers.value, layers.random([1, gates * 12, 10], scale: 0.3), layers.random([1, gates * 12, 12], scale: 0.3),
      layers.random([1, 2 * gates * 12], scale: 0.1),
    ]
    let attributes: [String: Attribute] = ["hidden_size": .int(12)].merging(
      name == "GRU" ? ["linear_before_reset": .int(1)] : [:]) { $1 }
    layers.value = try layers.builder.apply(name, operands, attributes: attributes)
    layers.value = try layers.builder.apply("Squeeze", [layers.value, layers.builder.constant(Tensor([Int64(1)]))])
    try layers.apply("Transpose", ["perm": .ints([1, 2, 0])])
    let rows = layers.value
    try layers.apply("Transpose", ["perm": .ints([0, 2, 1])])
    try layers.matMul(12, 1)
    try layers.apply("Transpose", ["perm": .ints([0, 2, 1])])
    try layers.apply("Softmax", ["axis": .int(-1)])
    layers.value = try layers.builder.apply("Mul", [layers.value, rows])
    layers.value = try layers.builder.apply(
      "ReduceSum", [layers.value, layers.builder.constant(Tensor([Int64(2)]))], attributes: ["keepdims": .int(0)])
    try layers.gemm(12, 3)
    return try layers.finish()
  }

  private static func pools() throws -> Graph {
    var layers = try Layers("pools", input: [6, 21])
    try layers.apply("AveragePool", ["kernel_shape": .ints([3]), "pads": .ints([2, 0]), "strides": .ints([1])])
    try layers.conv([8, 6, 4], [:])
    try layers.apply("MaxPool", ["kernel_shape": .ints([3]), "pads": .ints([1, 1]), "strides": .ints([1])])
    try layers.apply("Tanh")
    let slice = try [4, 100, 2].map { try layers.builder.constant(Tensor([Int64($0)])) }
    layers.value = try layers.builder.apply("Slice", [layers.value] + slice)
    layers.value = try layers.builder.apply(
      "ReduceMean", [layers.value, layers.builder.constant(Tensor([Int64(2)]))], attributes: ["keepdims": .int(0)])
    try layers.gemm(8, 2)
    return try layers.finish()
  }

  /// Quantized convolutions, dilated and padded before the first step, then the last step or a flattened window.
  private static func integerConvolutions(
    features: Int = 5, steps: Int, layers shapes: [(filters: Int, dilation: Int)] = [(18, 1), (7, 2), (7, 4)], flattens: Bool
  ) throws -> Graph {
    try oneInput([1, features, steps]) { builder, x in
      var layers = QuantizedLayers(builder: builder, value: x)
      try layers.quantize(low: -4, high: 4)
      var channels = features
      for (filters, dilation) in shapes {
        let window = Window(
          input: [1, channels, steps], weights: [filters, channels, 3],
          attributes: ["dilations": .ints([dilation]), "pads": .ints([2 * dilation, 0])])
        try layers.conv(window, relu: true)
        try layers.quantize(low: 0, high: 4)
        channels = filters
      }
      builder = layers.builder
      guard flattens else {
        let last = try builder.constant(Tensor(scalar: Int64(-1)))
        return try builder.apply("Gather", [layers.value, last], attributes: ["axis": .int(2)])
      }
      layers.value = try builder.apply("Flatten", [layers.value])
      layers.builder = builder
      try layers.quantize(low: 0, high: 4)
      try layers.matMul(channels * steps, 3)
      builder = layers.builder
      return layers.value
    }
  }

  /// A quantized layer of each row, then one of all rows side by side.
  private static func integerRows() throws -> Graph {
    try oneInput([1, 11, 6]) { builder, x in
      var layers = QuantizedLayers(builder: builder, value: x)
      try layers.quantize(low: -4, high: 4)
      try layers.matMul(6, 12)
      try layers.quantize(low: -3, high: 5)
      layers.value = try layers.builder.apply("Reshape", [layers.value, layers.builder.constant(Tensor([Int64(1), 132]))])
      try layers.quantize(low: -3, high: 5)
      try layers.matMul(132, 3)
      builder = layers.builder
      return layers.value
    }
  }

  /// Every number of every row is divided by a sum over all rows.
  private static func mixed() throws -> Graph {
    var layers = try Layers("mixed", input: [8, 6])
    try layers.apply("Softmax", ["axis": .int(1)])
    try layers.matMul(6, 4)
    try layers.apply("Flatten")
    try layers.gemm(32, 2)
    return try layers.finish()
  }
}
