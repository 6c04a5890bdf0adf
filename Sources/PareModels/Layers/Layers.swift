import PareGraph
import PareTensor

/// Layers that several architectures are made of.
extension GraphBuilder {
  /// A dense layer `dense_<layer>` with zero biases, on rows.
  mutating func dense(_ input: String, weight: Tensor, layer: Int, output: String?) throws -> String {
    let name = "dense_\(layer)"
    let weightName = try parameter("\(name).weight", weight, isTrainable: true)
    let biasName = try parameter("\(name).bias", Tensor(zeros: .float32, shape: [weight.shape[0]]), isTrainable: true)
    return try apply("Gemm", [input, weightName, biasName], attributes: ["transB": .int(1)], name: name, output: output)
  }

  /// A dense layer along the last axis: MatMul by `<name>.weight [in, out]`, Add of `<name>.bias [out]`, which begins with
  /// zeros.
  ///
  /// - Shapes: `[…, in]` → `[…, out]`.
  mutating func denseAlongLastAxis(_ input: String, weight: Tensor, name: String, output: String? = nil) throws -> String {
    let weightName = try parameter("\(name).weight", weight, isTrainable: true)
    let biasName = try parameter("\(name).bias", Tensor(zeros: .float32, shape: [weight.shape[1]]), isTrainable: true)
    let product = try apply("MatMul", [input, weightName], name: name)
    return try apply("Add", [product, biasName], name: "\(name).sum", output: output)
  }

  /// A Conv `<name>` with parameters `<name>.weight [out, in, kernel…]` and `<name>.bias [out]`, which begins with zeros.
  mutating func convolution(_ input: String, weight: Tensor, attributes: [String: Attribute] = [:], name: String) throws -> String {
    let weightName = try parameter("\(name).weight", weight, isTrainable: true)
    let biasName = try parameter("\(name).bias", Tensor(zeros: .float32, shape: [weight.shape[0]]), isTrainable: true)
    let kernel: [String: Attribute] = ["kernel_shape": .ints(Array(weight.shape.dimensions.dropFirst(2)))]
    return try apply("Conv", [input, weightName, biasName], attributes: kernel.merging(attributes) { $1 }, name: name)
  }

  /// LayerNormalization over the last axis, with `<name>.scale [width]` of ones and `<name>.shift [width]` of zeros.
  ///
  /// - Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450.
  mutating func layerNormalization(_ input: String, width: Int, name: String) throws -> String {
    let scale = try parameter("\(name).scale", Tensor([Float](repeating: 1, count: width)), isTrainable: true)
    let shift = try parameter("\(name).shift", Tensor(zeros: .float32, shape: [width]), isTrainable: true)
    return try apply("LayerNormalization", [input, scale, shift], attributes: ["axis": .int(-1)], name: name)
  }

  /// Dropout `<name>` while training; nothing where the probability is 0.
  mutating func dropout(_ input: String, probability: Double, name: String) throws -> String {
    guard probability > 0 else { return input }
    let ratio = try constant(Tensor(scalar: Float(probability)), named: "\(name).ratio")
    return try apply("Dropout", [input, ratio], name: name)
  }

  /// A value under another shape; 0 keeps an extent, −1 stands for what is left.
  mutating func reshape(_ input: String, _ shape: [Int], name: String) throws -> String {
    try apply("Reshape", [input, constant(Tensor(shape.map(Int64.init)), named: "\(name).shape")], name: name)
  }

  /// The last of what lies along an axis, which goes.
  mutating func last(_ input: String, axis: Int, name: String) throws -> String {
    let index = try constant(Tensor(scalar: Int64(-1)), named: "\(name).index")
    return try apply("Gather", [input, index], attributes: ["axis": .int(axis)], name: name)
  }

  /// The layer `dense_0` from rows of `width` numbers to `logits`, drawn by Glorot.
  mutating func logits(_ input: String, width: Int, outputs: Int, seed: UInt64, architecture: String) throws -> String {
    let weight = InitialWeights(seed: seed, stream: "\(architecture)/dense_0")
      .glorot([outputs, width], fanIn: width, fanOut: outputs)
    return try dense(input, weight: weight, layer: 0, output: "logits")
  }
}
