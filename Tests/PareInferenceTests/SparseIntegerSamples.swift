import PareGraph
import PareInference
import PareTensor

/// Which weights of a layer are not 0, by output and input.
enum KeptWeights: String, CaseIterable {
  case twoOfFour, oneInTen, groups, most, all

  func keeps(_ output: Int, _ input: Int, _ generator: inout SeededGenerator) -> Bool {
    switch self {
    case .twoOfFour: input % 4 == output % 2 || input % 4 == 2 + output / 2 % 2
    case .oneInTen: generator.below(10) == 0
    case .groups: (output / 16 * 7 + input / 4) % 3 == 0
    case .most: generator.below(10) > 0
    case .all: true
    }
  }
}

extension FormatSamples {
  /// features → quantizer → layers of eight-bit weights, stored without their zeros where that weighs less, with Relu between → logits, in the
  /// QuantizeLinear/DequantizeLinear form.
  static func sparseIntegers(_ extents: [Int], _ kept: KeptWeights, seed: UInt64) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "sparse integers")
    var builder = GraphBuilder(name: "sparse")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(extents[0])]))
    for layer in 0..<extents.count - 1 {
      let (rows, columns) = (extents[layer + 1], extents[layer])
      let range: (Float, Int) = layer == 0 ? (8 / 255, 128) : (6 / 255, 0)
      let affine = [
        try builder.constant(Tensor(scalar: range.0)), try builder.constant(Tensor(scalar: UInt8(range.1))),
      ]
      value = try builder.apply("QuantizeLinear", [value] + affine)
      value = try builder.apply("DequantizeLinear", [value] + affine)
      let integers = (0..<rows * columns).map { index in
        kept.keeps(index / columns, index % columns, &generator) ? Int8(generator.below(255) - 127) : 0
      }
      let tensor = Tensor(integers, shape: [rows, columns])
      let (dense, sparse) = (ParameterStorage(tensor), ParameterStorage(tensor, layout: .bitmask))
      let weight = try builder.parameter(
        "w\(layer)",
        Parameter(sparse.byteCount < dense.byteCount ? sparse : dense, isTrainable: false))
      let scales = (0..<rows).map { _ in Float((0.5 + generator.uniform()) * 0.02 / Double(columns).squareRoot()) }
      let dequantized = try builder.apply(
        "DequantizeLinear", [weight, builder.constant(Tensor(scales))], attributes: ["axis": .int(0)])
      let bias = try builder.constant(Tensor(numbers(rows, &generator, spread: 0.1)))
      value = try builder.apply(
        "Gemm", [value, dequantized, bias], attributes: ["transB": .int(1)], name: "dense_\(layer)",
        output: layer == extents.count - 2 ? "logits" : nil)
      if layer < extents.count - 2 { value = try builder.apply("Relu", [value]) }
    }
    try builder.output(value)
    return builder.graph
  }

  /// Kernels by a table in which a product takes a nanosecond for each of 100 in Float32 and as dense integers, and what is
  /// given in other forms, whatever its extents.
  static func kernels(_ set: InstructionSet, forms: [String: Double]) throws -> KernelSelection {
    let others = forms.sorted { $0.key < $1.key }.flatMap { form in
      ["u8", "f32"].map { ",\"\(form.key)_\($0)\":{\"inputs\":[1],\"outputs\":[1],\"ns\":[\(form.value)]}" }
    }
    let text = """
      {"schema":1,"processor":"p","kernels":"\(set.rawValue)","entry_ns":5,"operations":{
      "dense_f32":{"inputs":[1],"outputs":[1],"ns":[100]},"dense_u8s8_u8":{"inputs":[1],"outputs":[1],"ns":[100]},
      "dense_u8s8_f32":{"inputs":[1],"outputs":[1],"ns":[100]}\(others.joined())}}
      """
    return try KernelSelection(set).with(CostTable(decoding: text, subject: "t"))
  }
}
