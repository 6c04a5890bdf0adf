import PareGraph
import PareTensor
import PareTraining
import Testing

/// MaxPool of the batch executor equals the reference to the bit, in every variant.
struct PoolingFormTests {
  static let settings: [(Shape, [String: Attribute])] = [
    ([3, 4, 37], ["kernel_shape": .ints([3]), "pads": .ints([1, 1])]),
    ([2, 3, 40], ["kernel_shape": .ints([2]), "strides": .ints([2])]),
    ([2, 3, 20, 9], ["kernel_shape": .ints([3, 1]), "pads": .ints([1, 0, 1, 0])]),
    ([1, 2, 11, 13], ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 3]), "dilations": .ints([2, 2]), "ceil_mode": .int(1)]),
    ([1, 1, 4, 5, 6], ["kernel_shape": .ints([2, 3, 2]), "auto_pad": .string("SAME_LOWER")]),
    ([1, 1, 2], ["kernel_shape": .ints([1]), "pads": .ints([2, 2])]),
  ]

  @Test(arguments: settings.indices)
  func maximaAndTheirGradientEqualTheReference(_ index: Int) throws {
    let (shape, attributes) = Self.settings[index]
    var generator = SeededGenerator(seed: 1)
    // Few different numbers, so that many are equal; and one that is none.
    var values = (0..<shape.elementCount).map { _ in Float(generator.below(5)) - 2 }
    if shape.elementCount > 30 { values[7] = .nan }
    var builder = GraphBuilder(name: "pool")
    let x = try builder.input("x", ValueType(.float32, shape.dimensions.map(Dimension.fixed)))
    let y = try builder.apply("MaxPool", [x], attributes: attributes, output: "y")
    let type = try builder.type(of: y)
    let pooled = try #require(type.shape(binding: [:]))
    let dy = try builder.input("dy", type)
    let dx = try builder.apply("pare.MaxPoolGradient", [dy, x, y], attributes: attributes, output: "dx")
    let inputs = [
      "x": Tensor(values, shape: shape),
      "dy": Tensor((0..<pooled.elementCount).map { _ in Float(generator.below(64)) / 8 }, shape: pooled),
    ]
    func bits(_ results: [String: Tensor]) throws -> [[UInt32]] {
      try [y, dx].map { name in
        try #require(results[name]).values(as: Float.self).map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
      }
    }
    let expected = try bits(ReferenceEvaluator(builder.graph, outputs: [y, dx]).run(inputs))
    for (name, kernels) in TrainingKernels.variants {
      guard let kernels else { continue }
      let executor = try BatchExecutor(
        builder.graph, binding: [:], outputs: [y, dx], placed: [:], owners: [], kernels: kernels)
      #expect(executor.referenceNodes == [])
      #expect(try bits(executor.run(inputs)) == expected, "\(name)")
    }
  }
}
