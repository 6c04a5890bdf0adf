import PareGraph
import PareTensor
import PareTraining
import Testing

/// Convolutions of the batch executor: within their bound of the reference, and equal to the bit in every variant.
struct ConvolutionFormTests {
  struct Setting: Sendable, CustomTestStringConvertible {
    var operatorName: OperatorName = "Conv"
    var x: Shape
    var w: Shape
    var attributes: [String: Attribute] = [:]

    var testDescription: String { "\(operatorName) \(x) by \(w) \(attributes)" }
  }

  static let settings: [Setting] = [
    Setting(x: [5, 3, 37], w: [6, 3, 3], attributes: ["pads": .ints([1, 1])]),
    // Several blocks, the last one not full; channels and filters that fill no group of rows.
    Setting(x: [7, 5, 200], w: [7, 5, 5], attributes: ["pads": .ints([2, 2])]),
    Setting(x: [13, 4, 500], w: [4, 4, 2], attributes: ["pads": .ints([6, 0]), "dilations": .ints([6])]),
    Setting(x: [2, 2, 50], w: [3, 2, 3], attributes: ["pads": .ints([2, 5]), "strides": .ints([3]), "dilations": .ints([2])]),
    // A stride beyond the window: elements that no tap meets.
    Setting(x: [2, 2, 23], w: [3, 2, 2], attributes: ["strides": .ints([4])]),
    // Order books: pairs of columns, rows in time, all columns at once.
    Setting(x: [3, 1, 20, 40], w: [4, 1, 1, 2], attributes: ["strides": .ints([1, 2])]),
    Setting(x: [3, 4, 20, 20], w: [4, 4, 4, 1], attributes: ["auto_pad": .string("SAME_UPPER")]),
    Setting(x: [3, 4, 20, 10], w: [4, 4, 1, 10]),
    Setting(x: [2, 6, 9, 8], w: [6, 3, 3, 3], attributes: ["group": .int(2), "pads": .ints([1, 0, 2, 1]), "strides": .ints([2, 3])]),
    Setting(x: [2, 3, 30], w: [3, 1, 3], attributes: ["group": .int(3)]),
    Setting(x: [2, 2, 5, 4, 6], w: [2, 2, 2, 3, 2], attributes: ["pads": .ints([1, 0, 1, 0, 2, 0]), "strides": .ints([1, 1, 2])]),
    Setting(x: [1, 1, 1], w: [1, 1, 1]),
    Setting(operatorName: "ConvTranspose", x: [5, 3, 40], w: [3, 6, 3]),
    Setting(
      operatorName: "ConvTranspose", x: [3, 4, 30], w: [4, 3, 3],
      attributes: ["strides": .ints([3]), "pads": .ints([1, 0]), "output_padding": .ints([2]), "dilations": .ints([2])]),
    Setting(
      operatorName: "ConvTranspose", x: [2, 4, 6, 7], w: [4, 3, 2, 2], attributes: ["strides": .ints([3, 2]), "group": .int(2)]),
  ]

  private static func sample(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
  }

  /// Forward value and the three gradients for dY as a further input, with the terms of each one's sums.
  private static func graph(_ setting: Setting) throws -> (graph: Graph, inputs: [String: Tensor], terms: [String: Int]) {
    var builder = GraphBuilder(name: "convolution")
    let groups = if case .int(let groups)? = setting.attributes["group"] { groups } else { 1 }
    let isTransposed = setting.operatorName == "ConvTranspose"
    let channels = isTransposed ? setting.w[1] * groups : setting.w[0]
    var inputs = [
      "x": sample(setting.x, seed: 1), "w": sample(setting.w, seed: 2), "b": sample([channels], seed: 3),
    ]
    for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) { _ = try builder.input(name, ValueType(tensor)) }
    let y = try builder.apply(setting.operatorName, ["x", "w", "b"], attributes: setting.attributes, output: "y")
    let type = try builder.type(of: y)
    let shape = try #require(type.shape(binding: [:]))
    inputs["dy"] = sample(shape, seed: 4)
    _ = try builder.input("dy", type)
    let stem = "pare.\(setting.operatorName)"
    _ = try builder.apply(
      OperatorName(stringLiteral: stem + "InputGradient"), ["dy", "w", "x"], attributes: setting.attributes, output: "dx")
    _ = try builder.apply(
      OperatorName(stringLiteral: stem + "WeightGradient"), ["dy", "x", "w"], attributes: setting.attributes, output: "dw")
    for output in ["y", "dx", "dw"] { try builder.output(output) }
    let weights = setting.w.elementCount
    return (builder.graph, inputs, ["y": weights, "dx": weights, "dw": max(setting.x.elementCount, shape.elementCount)])
  }

  @Test(arguments: settings)
  func everyVariantIsWithinTheBoundAndAllAreEqual(_ setting: Setting) throws {
    let (graph, inputs, terms) = try Self.graph(setting)
    let reference = try ReferenceEvaluator(graph, precision: .float64)
    let truth = try reference.run(inputs)
    let magnitudes = try reference.run(inputs.mapValues { Tensor($0.values(as: Float.self).map(abs), shape: $0.shape) })
    var first: [String: Tensor]?
    for (name, kernels) in TrainingKernels.variants {
      guard let kernels else { continue }
      let executor = try BatchExecutor(
        graph, binding: [:], outputs: ["y", "dx", "dw"], placed: [:], owners: [], kernels: kernels)
      #expect(executor.referenceNodes == [])
      let results = try executor.run(inputs)
      #expect(try executor.run(inputs) == results, "a second run of \(name)")
      #expect(results == first ?? results, "\(name)")
      first = results
      for (output, count) in terms {
        let (found, expected) = (try #require(results[output]).doubles, try #require(truth[output]).doubles)
        let scale = try #require(magnitudes[output]).doubles
        let gamma = Double(count + 1) * 0x1p-24 / (1 - Double(count + 1) * 0x1p-24)
        let isWithin = found.indices.allSatisfy {
          abs(found[$0] - expected[$0]) <= gamma * scale[$0] + Double(Float.leastNormalMagnitude)
        }
        #expect(isWithin, "\(output) of \(name)")
      }
    }
  }
}
