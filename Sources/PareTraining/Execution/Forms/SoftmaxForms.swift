import CPareKernels
import PareGraph
import PareTensor

/// Softmax and LogSoftmax over the last axis, and their gradients.
///
/// Bound of Softmax, relative, for rows of K: 2u·max|x − max x| from rounding the shifted argument, 4u from Exp on each
/// side of the quotient, (K + 1)u from sum and division.
enum SoftmaxForms {
  typealias Forward = @convention(c) (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int) -> Void
  typealias Gradient = @convention(c) (
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int
  ) -> Void

  static func forward(
    _ context: PreparationContext, _ kernels: TrainingKernels, _ kernel: KeyPath<pare_softmax_kernels, Forward?>
  ) throws -> Evaluation? {
    guard let (rows, columns) = try rows(of: context),
      let call = kernels.softmax[keyPath: kernel].map({ KernelPointer($0) })
    else { return nil }
    return { call.call($0.input(0), $0.output(), rows, columns) }
  }

  /// For gradients whose inputs are dY and the output Y.
  static func gradient(
    _ context: PreparationContext, _ kernels: TrainingKernels, _ kernel: KeyPath<pare_softmax_kernels, Gradient?>
  ) throws -> Evaluation? {
    guard let (rows, columns) = try rows(of: context),
      let call = kernels.softmax[keyPath: kernel].map({ KernelPointer($0) })
    else { return nil }
    return { call.call($0.input(0), $0.input(1), $0.output(), rows, columns) }
  }

  /// The value as rows of its last axis; nil where the node works along another.
  private static func rows(of context: PreparationContext) throws -> (rows: Int, columns: Int)? {
    let shape = context.outputs[0].shape
    guard context.isFloat32, shape.rank > 0, let columns = shape.dimensions.last, columns > 0 else { return nil }
    let axis = try context.node.int("axis", default: -1)
    guard axis == -1 || axis == shape.rank - 1 else { return nil }
    return (shape.elementCount / columns, columns)
  }

  /// Cross-entropy of rows of scores with Int64 labels, without weights: the sum or the mean.
  ///
  /// Bound, of each row's term: 2u·(|x − max x| + |term|) from the shift and the difference, (K + 8)u from the sum of
  /// exponentials and 2u·|log| from its logarithm.
  static func crossEntropy(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.outputs.count == 1, let problem = try LabelledRows(context, scores: 0),
      let sum = kernels.softmax.cross_entropy.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let labels = try problem.labels(buffers)
      let total = sum.call(buffers.input(0), labels, problem.rows, problem.columns)
      buffers.output(as: Float.self).pointee = total * problem.weight
    }
  }

  static func crossEntropyGradient(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard let problem = try LabelledRows(context, scores: 1),
      let gradient = kernels.softmax.cross_entropy_gradient.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      let labels = try problem.labels(buffers)
      let scale = buffers.input(0, as: Float.self).pointee * problem.weight
      gradient.call(buffers.input(1), labels, scale, buffers.output(), problem.rows, problem.columns)
    }
  }

  /// Rows of scores with a label each.
  private struct LabelledRows: Sendable {
    let rows: Int
    let columns: Int
    /// What a row counts in the sum: 1, or one over the rows for a mean.
    let weight: Float
    private let node: Node
    private let labelsInput: Int

    /// Nil for what the reference has to compute: more axes, weights, labels that are ignored, a loss per row.
    init?(_ context: PreparationContext, scores: Int) throws {
      let (x, labels) = (try context.input(scores), try context.input(scores + 1))
      node = context.node
      let reduction = try node.string("reduction", default: "mean")
      guard x.elementType == .float32, x.shape.rank == 2, labels.elementType == .int64, !context.has(scores + 2),
        node.attributes["ignore_index"] == nil, ["mean", "sum"].contains(reduction), x.shape[0] > 0,
        (1...Int(PARE_SOFTMAX_BLOCK)).contains(x.shape[1])
      else { return nil }
      (rows, columns) = (x.shape[0], x.shape[1])
      weight = reduction == "mean" ? 1 / Float(rows) : 1
      labelsInput = scores + 1
    }

    /// - Throws: `graph.label` where one is no class.
    func labels(_ buffers: EvaluationBuffers) throws -> UnsafePointer<Int64> {
      let labels: UnsafePointer<Int64> = buffers.input(labelsInput)
      let classes = Int64(columns)
      for row in 0..<rows where labels[row] < 0 || labels[row] >= classes {
        throw GraphError(
          "label", node: node, expected: "labels in 0 ..< \(classes)", found: "\(labels[row]) at position \(row)")
      }
      return labels
    }
  }
}

extension FastForms {
  static let classification: [OperatorName: FastForm] = [
    "Softmax": { try SoftmaxForms.forward($0, $1, \.softmax) },
    "LogSoftmax": { try SoftmaxForms.forward($0, $1, \.log_softmax) },
    "pare.SoftmaxGradient": { try SoftmaxForms.gradient($0, $1, \.softmax_gradient) },
    "pare.LogSoftmaxGradient": { try SoftmaxForms.gradient($0, $1, \.log_softmax_gradient) },
    "SoftmaxCrossEntropyLoss": SoftmaxForms.crossEntropy,
    "pare.SoftmaxCrossEntropyLossGradient": SoftmaxForms.crossEntropyGradient,
  ]
}
