import PareGraph
import PareTensor

/// Graphs whose weights have other forms than Float32 and INT8, drawn from a seed.
enum FormatSamples {
  static func numbers(_ count: Int, _ generator: inout SeededGenerator, spread: Double = 1) -> [Float] {
    (0..<count).map { _ in Float(spread * generator.normal()) }
  }

  /// features → quantizer → layers of four-bit weights in groups with Relu between → logits, in the
  /// QuantizeLinear/DequantizeLinear form.
  static func groups(_ extents: [Int], blockSize: Int, seed: UInt64) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "groups")
    var builder = GraphBuilder(name: "groups")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
    for layer in 0..<extents.count - 1 {
      let (rows, columns) = (extents[layer + 1], extents[layer])
      let groups = (columns + blockSize - 1) / blockSize
      let range: (Float, Int) = layer == 0 ? (8 / 255, 128) : (6 / 255, 0)
      let affine = [
        try builder.constant(Tensor(scalar: range.0)), try builder.constant(Tensor(scalar: UInt8(range.1))),
      ]
      value = try builder.apply("QuantizeLinear", [value] + affine)
      value = try builder.apply("DequantizeLinear", [value] + affine)
      let bytes = (0..<(rows * columns + 1) / 2).map { index in
        let high = index * 2 + 1 < rows * columns ? generator.below(16) : 0
        return UInt8(generator.below(16) | high << 4)
      }
      let weight = try builder.parameter(
        "w\(layer)", Tensor(packedFourBits: bytes, elementType: .int4, shape: [rows, columns]), isTrainable: false)
      let multipliers = try builder.constant(
        Tensor((0..<rows * groups).map { _ in UInt8(1 + generator.below(255)) }, shape: [rows, groups]))
      let scales = (0..<rows).map { _ in Float((0.5 + generator.uniform()) * 0.004 / Double(columns).squareRoot()) }
      let groupScales = try builder.apply(
        "DequantizeLinear", [multipliers, builder.constant(Tensor(scales))], attributes: ["axis": .int(0)])
      let dequantized = try builder.apply(
        "DequantizeLinear", [weight, groupScales], attributes: ["axis": .int(1), "block_size": .int(blockSize)])
      let bias = try builder.constant(Tensor(numbers(rows, &generator, spread: 0.1)))
      value = try builder.apply(
        "Gemm", [value, dequantized, bias], attributes: ["transB": .int(1)], name: "dense_\(layer)",
        output: layer == extents.count - 2 ? "logits" : nil)
      if layer < extents.count - 2 { value = try builder.apply("Relu", [value]) }
    }
    try builder.output(value)
    return builder.graph
  }

  /// features → dense → layers of signs → dense → logits; the first and the last layer take numbers.
  static func signs(_ extents: [Int], seed: UInt64) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "signs")
    var builder = GraphBuilder(name: "signs")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
    for layer in 0..<extents.count - 1 {
      let shape: Shape = [extents[layer + 1], extents[layer]]
      let bias = try builder.constant(Tensor(numbers(shape[0], &generator, spread: 0.2)))
      let isReal = layer == 0 || layer == extents.count - 2
      if isReal {
        let weight = try builder.constant(Tensor(numbers(shape.elementCount, &generator), shape: shape))
        value = try builder.apply(
          "Gemm", [value, weight, bias], attributes: ["transB": .int(1)], output: layer > 0 ? "logits" : nil)
      } else {
        let signs = Tensor((0..<shape.elementCount).map { _ in Float(generator.below(2) * 2 - 1) }, shape: shape)
        let storage = ParameterStorage(signsOf: signs) ?? ParameterStorage(signs)
        let weight = try builder.parameter("w\(layer)", Parameter(storage, isTrainable: false))
        value = try builder.apply(
          BinaryDense.name, [value, weight, builder.constant(Tensor(numbers(shape[0], &generator, spread: 0.1))), bias])
      }
    }
    try builder.output(value)
    return builder.graph
  }

  /// features → layers of signs → y.
  static func signsAlone(_ extents: [Int], seed: UInt64) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "signs alone")
    var builder = GraphBuilder(name: "signs")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
    for layer in 0..<extents.count - 1 {
      let shape: Shape = [extents[layer + 1], extents[layer]]
      let signs = Tensor((0..<shape.elementCount).map { _ in Float(generator.below(2) * 2 - 1) }, shape: shape)
      let scales = (0..<shape[0]).map { _ in Float(generator.below(5) - 2) / 4 }
      let bias = scales.map { $0 * Float(generator.below(5) - 2) }
      value = try builder.apply(
        BinaryDense.name,
        [value, builder.constant(signs), builder.constant(Tensor(scales)), builder.constant(Tensor(bias))],
        output: layer == extents.count - 2 ? "y" : nil)
    }
    try builder.output(value)
    return builder.graph
  }

  /// features → a dense layer with the weights of `storage`, `[out, in]`, and Relu.
  static func dense(_ storage: ParameterStorage, seed: UInt64 = 1) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "dense")
    var builder = GraphBuilder(name: "dense")
    let x = try builder.input("features", ValueType(.float32, ["batch", .fixed(storage.shape[1])]))
    var weight = try builder.parameter("weight", Parameter(storage, isTrainable: false))
    if storage.elementType != .float32 {
      weight = try builder.apply("Cast", [weight], attributes: ["to": .int(ElementType.float32.onnxDataType)])
    }
    let bias = try builder.constant(Tensor(numbers(storage.shape[0], &generator)))
    let y = try builder.apply("Gemm", [x, weight, bias], attributes: ["transB": .int(1)])
    try builder.output(builder.apply("Relu", [y], output: "y"))
    return builder.graph
  }

  /// Trees of random depth; thresholds that features meet exactly, comparisons that always or never hold.
  struct Trees {
    var modes: [TreeComparison] = [.lessOrEqual, .less, .greater, .greaterOrEqual]
    var count = 20
    var depth = 6
    var features = 12
    var targets = 1
    var aggregate = TreeEnsemble.Aggregate.sum
    var seed: UInt64 = 1

    func graph(base: Bool = true) throws -> Graph {
      var generator = SeededGenerator(seed: seed, stream: "trees")
      var columns: [Int32] = [], thresholds: [Float] = [], kinds: [UInt8] = [], missing: [UInt8] = []
      var yes: [Int32] = [], no: [Int32] = [], offsets: [Int32] = [0], to: [Int32] = [], weights: [Float] = []
      func leaf() -> Int32 {
        for _ in 0..<(generator.below(4) == 0 ? generator.below(4) : 1) {
          to.append(Int32(generator.below(targets)))
          weights.append(Float(generator.normal()))
        }
        offsets.append(Int32(to.count))
        return -Int32(offsets.count - 1)
      }
      func grow(_ depth: Int) -> Int32 {
        guard depth > 0, generator.below(6) > 0 else { return leaf() }
        let index = columns.count
        let special: [Float] = [.infinity, -.infinity, .nan, 0, -0.0]
        columns.append(Int32(generator.below(features)))
        thresholds.append(generator.below(10) == 0 ? special[generator.below(5)] : Float(generator.below(33) - 16) / 8)
        kinds.append(modes[generator.below(modes.count)].rawValue)
        missing.append(UInt8(generator.below(2)))
        yes.append(0)
        no.append(0)
        yes[index] = grow(depth - 1)
        no[index] = grow(depth - 1)
        return Int32(index)
      }
      let roots = (0..<count).map { _ in grow(depth) }
      var builder = GraphBuilder(name: "trees")
      let x = try builder.input("features", ValueType(.float32, ["batch", .fixed(features)]))
      let parts = [
        Tensor(columns), Tensor(thresholds), Tensor(kinds), Tensor(missing), Tensor(yes), Tensor(no), Tensor(roots),
        Tensor(offsets), Tensor(to), Tensor(weights),
      ]
      var y = try builder.apply(
        TreeEnsemble.name, [x] + parts.map { try builder.constant($0) },
        attributes: ["n_targets": .int(targets), "aggregate_function": .string(aggregate.rawValue)])
      if base { y = try builder.apply("Add", [y, builder.constant(Tensor(FormatSamples.numbers(targets, &generator)))]) }
      try builder.output(targets > 1 ? builder.apply("Softmax", [y], output: "y") : builder.apply("Identity", [y], output: "y"))
      return builder.graph
    }
  }

  /// Rows of features, infinities among them, and NaN if asked.
  static func rows(_ count: Int, _ width: Int, seed: UInt64, hasNaN: Bool = false) -> [[Float]] {
    var generator = SeededGenerator(seed: seed, stream: "rows")
    let special: [Float] = [.infinity, -.infinity, 0, -0.0, 0.5, -1.25, .nan]
    return (0..<count).map { _ in
      (0..<width).map { _ in
        generator.below(5) == 0 ? special[generator.below(hasNaN ? 7 : 6)] : Float(1.5 * generator.normal())
      }
    }
  }
}
