import Foundation
import PareArtifact
import PareGraph
import PareInference
import PareTensor

/// Models as files for the C interface.
enum SampleFiles {
  static let featureCount = 20

  /// 20 features → normalizer → 16 → 8 → 3 → probabilities → decision, with a section that holds a NUL.
  static func network(quantized: Bool, seed: UInt64 = 1) throws -> Model {
    var generator = SeededGenerator(seed: seed)
    func random(_ shape: Shape, _ spread: Double) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(spread * generator.normal()) }, shape: shape)
    }
    var builder = GraphBuilder(name: "network")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(featureCount)]))
    value = try builder.apply("Sub", [value, builder.parameter("offset", random([featureCount], 1), isTrainable: false)])
    value = try builder.apply("Clip", [value, builder.constant(Tensor(scalar: Float(-4))), builder.constant(Tensor(scalar: Float(4)))])
    let extents = [featureCount, 16, 8, 3]
    for layer in 0..<3 {
      let (inputs, outputs) = (extents[layer], extents[layer + 1])
      var weight: String
      if quantized {
        let scale = try builder.parameter("input_\(layer).scale", Tensor(scalar: Float(8) / 255), isTrainable: false)
        let zeroPoint = try builder.parameter(
          "input_\(layer).zero", Tensor(scalar: UInt8(layer == 0 ? 128 : 0)), isTrainable: false)
        value = try builder.apply("QuantizeLinear", [value, scale, zeroPoint])
        value = try builder.apply("DequantizeLinear", [value, scale, zeroPoint])
        let integers = (0..<inputs * outputs).map { _ in Int8(generator.below(255) - 127) }
        weight = try builder.parameter("weight_\(layer)", Tensor(integers, shape: [outputs, inputs]), isTrainable: false)
        let scales = Tensor([Float](repeating: 0.01, count: outputs))
        weight = try builder.apply(
          "DequantizeLinear", [weight, builder.parameter("weight_\(layer).scale", scales, isTrainable: false)],
          attributes: ["axis": .int(0)])
      } else {
        weight = try builder.parameter("weight_\(layer)", random([outputs, inputs], 0.4), isTrainable: true)
      }
      let bias = try builder.parameter("bias_\(layer)", random([outputs], 0.1), isTrainable: true)
      value = try builder.apply("Gemm", [value, weight, bias], attributes: ["transB": .int(1)], output: layer == 2 ? "logits" : nil)
      if layer < 2 { value = try builder.apply("Relu", [value]) }
    }
    try builder.output(value)
    let probabilities = try builder.apply("Softmax", [value], output: "probabilities")
    try builder.output(probabilities)
    let thresholds = try builder.parameter("thresholds", Tensor([Float(0.4), 0.4]), isTrainable: false)
    try builder.output(builder.apply("pare.Decide", [probabilities, thresholds], output: "decision"))
    return Model(graph: builder.graph, sections: ["label": #"{"horizon":12}"#, "features": "a\0b"])
  }

  /// Two inputs of other types, and steps without kernels: (a as Float32 + b) → tanh, and whether a is positive.
  static func twoInputs() throws -> Model {
    var builder = GraphBuilder(name: "two")
    let a = try builder.input("a", ValueType(.int16, ["batch", 3]))
    let b = try builder.input("b", ValueType(.float32, ["batch", 3]))
    let flag = try builder.input("flag", ValueType(.bool, ["batch", 3]))
    let cast = try builder.apply("Cast", [a], attributes: ["to": .int(1)])
    let sum = try builder.apply("Add", [cast, b])
    try builder.output(builder.apply("Tanh", [sum], output: "y"))
    let zero = try builder.constant(Tensor(scalar: Int16(0)))
    let positive = try builder.apply("Greater", [a, zero])
    try builder.output(builder.apply("And", [positive, flag], output: "positive"))
    return Model(graph: builder.graph)
  }

  /// Rows of features, some infinite or enormous, and a NaN in row 7.
  static func rows(_ count: Int, seed: UInt64 = 2) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    var features = (0..<count * featureCount).map { _ in Float(1.5 * generator.normal()) }
    let specials: [Float] = [.infinity, -.infinity, .greatestFiniteMagnitude, -0.0]
    for index in stride(from: 0, to: features.count, by: 97) { features[index] = specials[index / 97 % specials.count] }
    if count > 7 { features[7 * featureCount + 3] = .nan }
    return features
  }

  /// Every output for every row, as Swift's plan gives it.
  static func expected(_ model: Model, rows features: [Float]) throws -> [String: [UInt8]] {
    let context = try ExecutionPlan(model).makeContext()
    var results: [String: [UInt8]] = [:]
    for row in 0..<features.count / featureCount {
      let tensor = Tensor(Array(features[row * featureCount..<(row + 1) * featureCount]), shape: [1, featureCount])
      for (name, output) in try context.run(["features": tensor]) { results[name, default: []] += output.withUnsafeBytes { Array($0) } }
    }
    return results
  }
}
