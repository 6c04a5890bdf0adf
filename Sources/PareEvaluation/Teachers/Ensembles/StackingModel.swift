import Foundation
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// A multinomial logistic regression on the log-probabilities of several forecasters.
///
/// - Source: Wolpert 1992, "Stacked generalization"; Breiman 1996, "Stacked regressions".
struct StackingModel: Sendable {
  /// `[classes, members · classes]` and `[classes]`.
  let weight: Tensor
  let bias: Tensor

  /// Logits of the ensemble from the members' probabilities of one row.
  func logits(of said: [[Float]]) -> [Float] {
    let inputs = said.flatMap { $0.map { log(max($0, Float(MemberCombination.least))) } }
    let (weights, biases) = (weight.values(as: Float.self), bias.values(as: Float.self))
    return biases.indices.map { output in
      var sum = biases[output]
      for (index, input) in inputs.enumerated() { sum += weights[output * inputs.count + index] * input }
      return sum
    }
  }

  /// Fitted to rows in order of time, of which the last fifth stops the fitting. It begins as the mean of the members' log-probabilities.
  ///
  /// - Parameter probabilities: by member, row-major `[rows × classes]`.
  static func fitted(
    to probabilities: [[Float]], labels: [Int], classCount: Int, seed: UInt64, name: String
  ) throws -> StackingModel {
    let (members, rows) = (probabilities.count, labels.count)
    let width = members * classCount
    var inputs: [Float] = []
    inputs.reserveCapacity(rows * width)
    for row in 0..<rows {
      for member in probabilities {
        for index in 0..<classCount { inputs.append(log(max(member[row * classCount + index], Float(MemberCombination.least)))) }
      }
    }
    var first = [Float](repeating: 0, count: classCount * width)
    for output in 0..<classCount {
      for member in 0..<members { first[output * width + member * classCount + output] = 1 / Float(members) }
    }
    var builder = GraphBuilder(name: "stack")
    let value = try builder.input("said", ValueType(.float32, ["batch", .fixed(width)]))
    let weight = try builder.parameter("weight", Tensor(first, shape: [classCount, width]), isTrainable: true)
    let bias = try builder.parameter("bias", Tensor(zeros: .float32, shape: [classCount]), isTrainable: true)
    let logits = try builder.apply("Gemm", [value, weight, bias], attributes: ["transB": .int(1)], name: "stack", output: "logits")
    try builder.output(logits)
    let data = try TrainingData([
      "said": Tensor(inputs, shape: [rows, width]), "labels": Tensor(labels.map { Int64($0) }),
    ])
    let cut = max(rows * 4 / 5, 1)
    let context = CompressionContext(
      training: data.rows(0..<cut), validation: cut < rows ? data.rows(cut..<rows) : nil, seed: seed)
    let schedule = TrainingSchedule(epochs: 60, batchSize: 1024, learningRate: 2e-3, weightDecay: 1e-2, patience: 8)
    let graph = try schedule.train(builder.graph, loss: CrossEntropy(), for: name + "/stack", in: context)
    guard let trained = graph.parameters["weight"]?.storage.decoded(), let offsets = graph.parameters["bias"]?.storage.decoded() else {
      preconditionFailure("a trained graph keeps its parameters")
    }
    return StackingModel(weight: trained, bias: offsets)
  }
}
