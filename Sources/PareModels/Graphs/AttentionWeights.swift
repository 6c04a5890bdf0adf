import PareGraph
import PareTensor
import PareTraining

extension Graph {
  /// The values that hold the weights of each attention, first layer first: `attention_<i>.weights` of an encoder or a graph
  /// network, `attention.weights` of a recurrent one.
  public var attentionValues: [String] {
    nodes.filter { $0.operatorName == "Softmax" && $0.name.hasPrefix("attention") && $0.name.hasSuffix(".weights") }
      .flatMap { $0.outputs }
  }

  /// What each attention looks at: for every row the weights by the one that looks and the one that is seen, which sum to 1
  /// over the latter.
  ///
  /// - Returns: by value, `[rows, heads, n, n]` of an encoder over n candles or a network over n symbols,
  ///   `[rows, 1, steps]` of a recurrent one.
  /// - Throws: `TrainingError` where the data do not fit the graph.
  public func attentions(on data: TrainingData) throws -> [String: Tensor] {
    try Scorer(self, outputs: attentionValues).run(data)
  }
}
