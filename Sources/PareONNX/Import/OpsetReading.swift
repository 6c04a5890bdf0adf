import PareGraph

/// Which versions of which operators a file means.
enum OpsetReading {
  /// Versions of the domains that Pare reads; another domain's operators have to be functions of the file.
  static let supported: [String: ClosedRange<Int>] = ["": 7...28, "ai.onnx.ml": 1...5]

  /// From this version on, every operator has its present spelling or a conversion to it.
  static let complete = 13

  /// Operators whose spelling in older versions is a part of the present one, by the oldest such version. Exporters of
  /// trees still write opset 8 or 9 around operators that have never changed.
  private static let unchanged: [Int: Set<String>] = [
    7: [
      "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "Cast", "Ceil", "Concat", "Constant", "Conv", "ConvTranspose",
      "Div", "Elu", "Equal", "Exp", "Flatten", "Floor", "GRU", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
      "Greater", "HardSigmoid", "Identity", "InstanceNormalization", "LSTM", "LeakyRelu", "Less", "Log", "MatMul", "Max",
      "Min", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "RNN", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
      "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare", "Relu", "Reshape", "Selu",
      "Shape", "Sigmoid", "Size", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Xor",
    ],
    8: ["Expand", "MaxPool"],
    9: ["BatchNormalization", "ConstantOfShape", "Erf", "IsNaN", "Sign", "Where"],
    10: ["DequantizeLinear", "MatMulInteger", "Mod", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "Slice", "TopK"],
    11: ["Clip", "CumSum", "DynamicQuantizeLinear", "GatherElements", "If", "Pad", "Range", "Round"],
    12: ["Dropout", "Einsum", "GreaterOrEqual", "LessOrEqual"],
  ]

  /// Whether an operator of the standard domain is understood as a version has it.
  static func isUnderstood(_ name: OperatorName, opset: Int) -> Bool {
    !name.domain.isEmpty || opset >= complete || unchanged.contains { $0.key <= opset && $0.value.contains(name.type) }
  }

  /// The version of each domain, `ai.onnx` being the domain without a name.
  ///
  /// - Throws: `onnx.opset`.
  static func opsets(_ imports: [WireOperatorSet]) throws -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in imports {
      let domain = entry.domain == "ai.onnx" ? "" : entry.domain
      let range = supported[domain] ?? 0...Int(Int32.max)
      guard let version = Int(exactly: entry.version), range.contains(version) else {
        throw ONNXError(
          "opset", subject: "opset of \(domain.isEmpty ? "ai.onnx" : quoted(domain))",
          expected: "version \(domain.isEmpty ? complete : range.lowerBound) to \(range.upperBound)", found: "\(entry.version)")
      }
      guard opsets.updateValue(version, forKey: domain) ?? version == version else {
        throw ONNXError("opset", subject: "opset of \(quoted(domain))", expected: "one version", found: "two")
      }
    }
    return opsets
  }
}
