import PareGraph
import PareTensor

extension SampleModels {
  /// A classifier of 20 features with layers of 128, 64, 32 and 3: normalizer, logits, probabilities, decision; and
  /// sections as long as real ones.
  static func classifier(quantized: Bool) throws -> Model {
    var sample = ClassifierSample()
    return try sample.model(quantized: quantized)
  }
}

private struct ClassifierSample {
  /// Nothing at all repeats or rounds, so that scalars take as many digits as they ever do.
  private var generator = SeededGenerator(seed: 20)

  private mutating func normal(_ shape: Shape) -> Tensor {
    Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
  }

  private mutating func scales(_ shape: Shape) -> Tensor {
    Tensor((0..<shape.elementCount).map { _ in Float(0.001 + 0.05 * generator.uniform()) }, shape: shape)
  }

  mutating func model(quantized: Bool) throws -> Model {
    var builder = GraphBuilder(name: quantized ? "teacher-int8" : "teacher")
    var value = try builder.input("features", ValueType(.float32, ["batch", 20]))
    func fixed(_ name: String, _ tensor: Tensor) throws -> String {
      try builder.parameter(name, tensor, isTrainable: false)
    }
    value = try builder.apply("Sub", [value, fixed("normalizer.offset", normal([20]))], name: "normalizer.centre")
    value = try builder.apply("Mul", [value, fixed("normalizer.scale", normal([20]))], name: "normalizer.scaled")
    let bounds = try [("normalizer.minimum", Float(-5)), ("normalizer.maximum", 5)].map { try fixed($0, Tensor(scalar: $1)) }
    value = try builder.apply("Clip", [value] + bounds, name: "normalizer.clip", output: "normalized")
    let widths = [20, 128, 64, 32, 3]
    for layer in 0..<4 {
      let name = "dense_\(layer)"
      let shape: Shape = [widths[layer + 1], widths[layer]]
      var weight: String
      if quantized {
        let quantization = try [
          fixed("\(value).scale", scales([])), fixed("\(value).zero", Tensor(scalar: UInt8(100 + layer))),
        ]
        let input = value
        value = try builder.apply("QuantizeLinear", [value] + quantization, name: "\(input).q")
        value = try builder.apply("DequantizeLinear", [value] + quantization, name: "\(input).dq")
        let integers = (0..<shape.elementCount).map { _ in Int8(truncatingIfNeeded: generator.next()) }
        weight = try builder.parameter("\(name).weight", Tensor(integers, shape: shape), isTrainable: false)
        let rowScales = try fixed("\(name).weight.scale", scales([shape[0]]))
        weight = try builder.apply(
          "DequantizeLinear", [weight, rowScales], attributes: ["axis": .int(0)], name: "\(name).weight.dq")
      } else {
        weight = try builder.parameter("\(name).weight", normal(shape), isTrainable: true)
      }
      let bias = try builder.parameter("\(name).bias", normal([shape[0]]), isTrainable: true)
      value = try builder.apply(
        "Gemm", [value, weight, bias], attributes: ["transB": .int(1)], name: name, output: layer == 3 ? "logits" : nil)
      if layer < 3 { value = try builder.apply("Relu", [value], name: "relu_\(layer)") }
    }
    try builder.output(value)
    let probabilities = try builder.apply(
      "Softmax", [value], attributes: ["axis": .int(-1)], name: "softmax", output: "probabilities")
    try builder.output(probabilities)
    let thresholds = try fixed("decision.thresholds", Tensor([0.4, 0.4] as [Float]))
    try builder.output(try builder.apply("pare.Decide", [probabilities, thresholds], name: "decide", output: "decision"))
    var model = Model(graph: builder.graph)
    for (name, text) in Self.sections { model.sections[name] = text }
    return model
  }

  /// As long as the real ones: 20 features by name, a label, a recipe of three steps, where the data came from.
  private static let sections = [
    "features": """
      {"schema":1,"interval":300,"features":["return-1","return-5","return-10","return-20","open-to-close",\
      "high-to-low/open","high-to-low/close",{"volatility":20},{"volatility":60},{"momentum":10},{"momentum":30},\
      {"moving-average-ratio":[5,20]},{"moving-average-ratio":[10,50]},{"volume-ratio":20},{"vwap-change":10},{"rsi":14},\
      {"atr":14},"time-of-day-sine","time-of-day-cosine",{"volume-trend":30}],"normalizer":{"kind":"z-score","clip":5,\
      "fitted":{"rows":50400,"from":1704067200000,"to":1719187200000}},"higher-intervals":[900,3600]}
      """,
    "label": #"{"schema":1,"kind":"buy-hold-sell","horizon":12,"threshold-bp":5,"entry":"next-open"}"#,
    "recipe": """
      {"schema":1,"name":"teacher-int8","seed":7,"steps":[{"technique":"quantization","precision":"int8","weights":\
      {"symmetry":"symmetric","granularity":"per-channel"},"activations":{"symmetry":"asymmetric","granularity":\
      "per-tensor"},"calibration":{"method":"percentile","percentile":99.9,"rows":4096}}]}
      """,
    "provenance": """
      {"schema":1,"data":"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","rows":72000,"seed":7}
      """,
  ]
}
