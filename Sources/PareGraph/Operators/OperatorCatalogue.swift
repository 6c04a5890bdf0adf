/// Every operator that Pare knows. Adding one is a file beside this one and a line here.
public enum OperatorCatalogue {
  public static let all: [any Operator.Type] = [
    // Products.
    Gemm.self, MatMul.self,
    // Arithmetic with broadcasting.
    Add.self, Sub.self, Mul.self, Div.self,
    // Element by element.
    Relu.self, ReluGradient.self,
    LeakyRelu.self, LeakyReluGradient.self,
    Sigmoid.self, SigmoidGradient.self,
    Tanh.self, TanhGradient.self,
    Gelu.self, GeluGradient.self,
    Clip.self, ClipGradient.self,
    Neg.self, Exp.self, Log.self, Sqrt.self,
    Cast.self, ZerosLike.self,
    Dropout.self,
    // Along an axis.
    Softmax.self, SoftmaxGradient.self,
    LogSoftmax.self, LogSoftmaxGradient.self,
    SoftmaxCrossEntropyLoss.self, SoftmaxCrossEntropyLossGradient.self,
    Decide.self,
    // Shapes.
    Identity.self, Reshape.self, Flatten.self, Squeeze.self, Unsqueeze.self, ReshapeLike.self,
    Transpose.self, Concat.self, Split.self,
    // Reductions.
    ReduceSum.self, ReductionGradient<ReduceSum>.self,
    ReduceMean.self, ReductionGradient<ReduceMean>.self,
    ReduceMax.self, ReductionGradient<ReduceMax>.self,
    ReduceMin.self, ReductionGradient<ReduceMin>.self,
    ReduceProd.self, ReductionGradient<ReduceProd>.self,
    ReduceL1.self, ReductionGradient<ReduceL1>.self,
    ReduceL2.self, ReductionGradient<ReduceL2>.self,
    ReduceSumSquare.self, ReductionGradient<ReduceSumSquare>.self,
    ReduceLogSum.self, ReductionGradient<ReduceLogSum>.self,
    ReduceLogSumExp.self, ReductionGradient<ReduceLogSumExp>.self,
    // Quantization.
    QuantizeLinear.self, QuantizeLinearGradient.self, DequantizeLinear.self,
    QuantizeByReciprocal.self, QuantizedDense.self,
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// - Throws: `graph.unknown-operator`, naming the node and the operators that are known.
  public static func definition(of node: Node) throws -> any Operator.Type {
    guard let definition = byName[node.operatorName] else {
      let known = all.map { $0.name.description }.sorted().joined(separator: ", ")
      throw GraphError(
        "unknown-operator", node: node, expected: "one of opset \(Graph.opset)'s operators \(known)",
        found: node.operatorName.description)
    }
    return definition
  }
}
